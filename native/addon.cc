// Node-API conversions, nothing else. The JavaScript functions call LockTable (table/lock_table.h) and the functions of
// addon_files.h. src/lock/binding/addon.ts declares them for TypeScript.
//
//   setup(recordStart, onEnd) -> boolean
//       Call it first. recordStart: see FormatRecord() in lock/lock_record.h. False: recordStart is too long.
//   tryLock(path, flags, fileMode) -> index | BUSY
//       flags: SHARED 1.
//   startWait(path, flags, fileMode, pauseMs) -> index | MUST_POLL
//       Waits on a thread, after pauseMs milliseconds. onEnd(index, status, waited, errno, call) follows; errno and
//       call say something only if the wait failed.
//   cancelWait(index) -> boolean
//       False: no such wait, or its thread could not be woken and onEnd will not follow.
//   waitSync(path, flags, fileMode, timeoutMs) -> index | TIMED_OUT | DEADLOCK
//       Blocks this thread. A negative timeoutMs never ends.
//   release(index, clean, keepOpen) -> boolean
//       keepOpen: the file may stay open until closeIdle(). False: no such lock.
//   closeIdle()
//   foundState(index) -> FoundState
//       Undefined: no such lock.
//   isCurrent(index) -> boolean
//       Whether the path still names the locked file.
//   chown(index, user, group) -> boolean
//       Changes the owner of the lock file.
//   chmod(index, mode) -> boolean
//       Changes the permission bits of the lock file.
//   pause(ms)
//       Blocks this thread for that long, and little longer.
//   keepAlive(boolean)
//       Whether pending waits keep the event loop alive.
//
//   copyAttributes(from, fd) -> 0 | LIST_LOST | errno
//       See file/file_attributes.h.
//   checkWrite(path) -> 0 | errno
//       See file/file_access.h. POSIX only.
//   commit(index, fd, temporary, path, directory, device, file, size, modifiedMs) -> index | NO_TASK
//       See file/file_commit.h. POSIX only. Runs on a thread. onEnd(index, outcome, false, errno, call) follows. The
//       commit owns the lock, and the caller keeps fd open until then. NO_TASK: no thread is available, or no such
//       lock; nothing has happened.
//   sync(fd) -> index | NO_TASK
//       fsync(2) on a thread, as in file/file_sync.h. POSIX only. Outcome 0: done. Otherwise errno says why not.
//   finish(index, timeoutMs) -> [index, status, waited, errno, call] | undefined
//       Blocks this thread until the wait or task is done, and returns what onEnd would get, which does not follow any
//       more. Undefined: not done after timeoutMs milliseconds (negative: no limit), or no such wait or task.
//
// A function that fails throws an Error with the numbers `status` (LockStatus) and `errno` and the string `syscall`.

#define NAPI_VERSION 8
#include <napi.h>

#include <cerrno>

#include "addon_arguments.h"
#include "addon_environment.h"
#include "addon_files.h"
#include "platform/platform.h"
#include "table/lock_table.h"

namespace zjj {

namespace {

constexpr int kBusy = -1;
constexpr int kTimedOut = -2;
constexpr int kDeadlock = -3;
constexpr int kMustPoll = -4;

constexpr uint32_t kSharedFlag = 1;

void SetNumber(napi_env env, napi_value object, const char* name, int number) {
  napi_value value = nullptr;
  napi_create_int32(env, number, &value);
  napi_set_named_property(env, object, name, value);
}

Napi::Value Throw(Napi::Env env, const LockResult& result) {
  napi_value call = nullptr;
  napi_value error = nullptr;
  napi_create_string_utf8(env, result.error.call, NAPI_AUTO_LENGTH, &call);
  if (napi_create_error(env, nullptr, call, &error) == napi_ok) {
    SetNumber(env, error, "status", static_cast<int>(result.status));
    SetNumber(env, error, "errno", result.error.number);
    napi_set_named_property(env, error, "syscall", call);
    napi_throw(env, error);
  }
  return Napi::Value();
}

Napi::Value Convert(Napi::Env env, const LockResult& result) {
  switch (result.outcome) {
    case LockResult::kHeld:
    case LockResult::kPending:
      return Napi::Number::New(env, result.index);
    case LockResult::kBusy:
      return Napi::Number::New(env, kBusy);
    case LockResult::kTimedOut:
      return Napi::Number::New(env, kTimedOut);
    case LockResult::kDeadlock:
      return Napi::Number::New(env, kDeadlock);
    case LockResult::kMustPoll:
      return Napi::Number::New(env, kMustPoll);
    case LockResult::kCancelled:
    case LockResult::kFailed:
      break;
  }
  return Throw(env, result);
}

// The first three arguments of each function that opens a lock file.
class Request {
 public:
  explicit Request(const Napi::CallbackInfo& info) : request_{path_, {}} {
    path_fits_ = StringAt(info, 0, path_, sizeof(path_));
    uint32_t flags = UnsignedAt(info, 1);
    if ((flags & kSharedFlag) != 0) request_.options.mode = LockMode::kShared;
    request_.options.file_mode = UnsignedAt(info, 2);
  }

  // Throws and returns false if the path is too long.
  bool Check(Napi::Env env) const {
    if (path_fits_) return true;
    LockResult result = {LockResult::kFailed};
    result.status = LockStatus::kFailed;
    result.error = {ENAMETOOLONG, "open", 0};
    Throw(env, result);
    return false;
  }

  const LockRequest& get() const { return request_; }

 private:
  char path_[kPathSize];
  LockRequest request_;
  bool path_fits_;
};

// Returns the environment of a call, or null with an exception pending.
Environment* Enter(Napi::Env env) {
  Environment* environment = Environment::Of(env);
  if (environment == nullptr) napi_throw_error(env, nullptr, "setup() must be called first");
  return environment;
}

Napi::Value TryLock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  Request request(info);
  if (environment == nullptr || !request.Check(env)) return env.Undefined();
  return Convert(env, environment->locks().Try(request.get()));
}

Napi::Value StartWait(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  Request request(info);
  if (environment == nullptr || !request.Check(env)) return env.Undefined();
  return Convert(env, environment->locks().StartWait(request.get(), NumberAt(info, 3)));
}

Napi::Value WaitSync(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  Request request(info);
  if (environment == nullptr || !request.Check(env)) return env.Undefined();
  return Convert(env, environment->locks().WaitSync(request.get(), NumberAt(info, 3)));
}

Napi::Value CancelWait(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), environment->locks().CancelWait(IndexAt(info, 0)));
}

Napi::Value Finish(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  if (environment == nullptr) return env.Undefined();
  LockHandle* handle = environment->locks().WaitUntilDone(IndexAt(info, 0), NumberAt(info, 1));
  if (handle == nullptr) return env.Undefined();
  Environment::Ending ending = Environment::End(env, handle);
  napi_value array = nullptr;
  napi_create_array_with_length(env, Environment::Ending::kSize, &array);
  for (uint32_t each = 0; each < Environment::Ending::kSize; each++) {
    napi_set_element(env, array, each, ending.values[each]);
  }
  return Napi::Value(env, array);
}

Napi::Value Release(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  bool released = environment->locks().Release(IndexAt(info, 0), BooleanAt(info, 1), BooleanAt(info, 2));
  return Napi::Boolean::New(info.Env(), released);
}

Napi::Value CloseIdle(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment != nullptr) environment->locks().CloseIdle();
  return info.Env().Undefined();
}

Napi::Value GetFoundState(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  const FileLock* lock = environment->locks().FindHeld(IndexAt(info, 0));
  if (lock == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<int>(lock->found_state()));
}

Napi::Value IsCurrent(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  const FileLock* lock = environment->locks().FindHeld(IndexAt(info, 0));
  return Napi::Boolean::New(info.Env(), lock != nullptr && lock->IsCurrent());
}

Napi::Value Chown(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  FileLock* lock = environment->locks().FindHeld(IndexAt(info, 0));
  bool changed = lock != nullptr && lock->Chown(OwnerAt(info, 1), OwnerAt(info, 2));
  return Napi::Boolean::New(info.Env(), changed);
}

Napi::Value Chmod(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  FileLock* lock = environment->locks().FindHeld(IndexAt(info, 0));
  return Napi::Boolean::New(info.Env(), lock != nullptr && lock->Chmod(UnsignedAt(info, 1)));
}

Napi::Value Pause(const Napi::CallbackInfo& info) {
  SleepMs(NumberAt(info, 0));
  return info.Env().Undefined();
}

Napi::Value KeepAlive(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment != nullptr) environment->KeepAlive(info.Env(), BooleanAt(info, 0));
  return info.Env().Undefined();
}

Napi::Value Setup(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Environment::Of(env);
  if (environment == nullptr) environment = Environment::Create(env, info[1].As<Napi::Function>());
  if (environment == nullptr) return Napi::Value();
  char record_start[kRecordSize];
  bool fits =
      StringAt(info, 0, record_start, sizeof(record_start)) && environment->locks().SetRecordStart(record_start);
  return Napi::Boolean::New(env, fits);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  KeepLoaded();
  const struct {
    const char* name;
    Napi::Function function;
  } functions[] = {
      {"setup", Napi::Function::New<Setup>(env)},
      {"tryLock", Napi::Function::New<TryLock>(env)},
      {"startWait", Napi::Function::New<StartWait>(env)},
      {"cancelWait", Napi::Function::New<CancelWait>(env)},
      {"waitSync", Napi::Function::New<WaitSync>(env)},
      {"finish", Napi::Function::New<Finish>(env)},
      {"release", Napi::Function::New<Release>(env)},
      {"closeIdle", Napi::Function::New<CloseIdle>(env)},
      {"foundState", Napi::Function::New<GetFoundState>(env)},
      {"isCurrent", Napi::Function::New<IsCurrent>(env)},
      {"chown", Napi::Function::New<Chown>(env)},
      {"chmod", Napi::Function::New<Chmod>(env)},
      {"copyAttributes", Napi::Function::New<CopyFileAttributes>(env)},
#ifndef _WIN32
      {"checkWrite", Napi::Function::New<CheckFileWrite>(env)},
      {"commit", Napi::Function::New<Commit>(env)},
      {"sync", Napi::Function::New<Sync>(env)},
#endif
      {"pause", Napi::Function::New<Pause>(env)},
      {"keepAlive", Napi::Function::New<KeepAlive>(env)},
  };
  for (const auto& [name, function] : functions) napi_set_named_property(env, exports, name, function);
  return exports;
}

}  // namespace

NODE_API_MODULE(zjj, Init)

}  // namespace zjj
