// Node-API conversions, nothing else: what JavaScript calls is LockTable (lock_table.h), and what addon_files.h has.
//
//   setup(record, onWaitEnd)                            before anything else; record: the start of the holder's JSON
//   tryLock(path, flags, fileMode) -> index | BUSY      flags: SHARED 1, READS_STATE 2
//   startWait(path, flags, fileMode, pauseMs) -> index | MUST_POLL     onWaitEnd(index, status, waited, errno, call)
//                                                       follows; pauseMs: how long to stay away first
//   cancelWait(index) -> boolean                        false: no such wait, or it could not be woken and is given up
//   waitSync(path, flags, fileMode, timeoutMs) -> index | TIMED_OUT | DEADLOCK     timeoutMs < 0: for ever
//   release(index, clean, keepsOpen) -> boolean         keepsOpen: the file may stay open until closeIdle()
//   closeIdle()
//   found(index) -> FoundState                          if flags had READS_STATE
//   isCurrent(index) -> boolean                         whether the path still names the locked file
//   giveTo(index, user, group) -> boolean               the lock file's owner
//   pause(ms)                                           blocks this thread for so long, and little longer
//   keepAlive(boolean)                                  whether pending waits keep the event loop alive
//
//   copyAttributes(from, fd) -> 0 | LIST_LOST | errno   file_attributes.h
//   commit(index, fd, temporary, path, directory, device, file, size, modifiedMs, onEnd) -> boolean
//                                                       file_commit.h, on POSIX only. True: the lock is taken over,
//                                                       and onEnd(outcome, errno, call) follows; fd is to stay open
//                                                       until then
//
// What fails throws an Error with the numbers `status` (LockStatus) and `errno` and the string `syscall`.

#define NAPI_VERSION 8
#include <napi.h>

#include <cerrno>
#include <new>

#include "addon_arguments.h"
#include "addon_files.h"
#include "lock_table.h"

namespace zjj {

namespace {

constexpr int kBusy = -1;
constexpr int kTimedOut = -2;
constexpr int kDeadlock = -3;
constexpr int kMustPoll = -4;

constexpr uint32_t kSharedFlag = 1;
constexpr uint32_t kReadsStateFlag = 2;

void OnWaitEnd(Napi::Env env, Napi::Function callback, void*, LockTable::Entry* entry);
using WaitEnded = Napi::TypedThreadSafeFunction<void, LockTable::Entry, OnWaitEnd>;

// Everything of one environment. Made by setup(), deleted when its thread-safe function is finalized. Entries that it
// still carries then are discarded, which does not touch this.
struct Environment {
  Environment()
      : locks([](LockTable::Entry* entry,
                 void* self) { return static_cast<Environment*>(self)->wait_ended.NonBlockingCall(entry) == napi_ok; },
              this) {}

  LockTable locks;
  WaitEnded wait_ended;
};

Environment* EnvironmentOf(Napi::Env env) {
  auto* slot = env.GetInstanceData<Environment*>();
  return slot == nullptr ? nullptr : *slot;
}

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

Napi::Value Answer(Napi::Env env, const LockResult& result) {
  switch (result.outcome) {
    case LockResult::kHeld:
      return Napi::Number::New(env, result.index);
    case LockResult::kBusy:
      return Napi::Number::New(env, kBusy);
    case LockResult::kTimedOut:
      return Napi::Number::New(env, kTimedOut);
    case LockResult::kDeadlock:
      return Napi::Number::New(env, kDeadlock);
    case LockResult::kMustPoll:
      return Napi::Number::New(env, kMustPoll);
    case LockResult::kFailed:
      break;
  }
  return Throw(env, result);
}

// The first three arguments of every call that opens a lock file.
class Request {
 public:
  explicit Request(const Napi::CallbackInfo& info) : request_{path_, {}} {
    fits_ = StringAt(info, 0, path_, sizeof(path_));
    uint32_t flags = UnsignedAt(info, 1);
    if ((flags & kSharedFlag) != 0) request_.options.mode = LockMode::kShared;
    request_.options.reads_state = (flags & kReadsStateFlag) != 0;
    request_.options.file_mode = UnsignedAt(info, 2);
  }

  // False when an exception is pending.
  bool Check(Napi::Env env) const {
    if (fits_) return true;
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
  bool fits_;
};

// The environment of a call, or null with an exception pending.
Environment* Enter(Napi::Env env) {
  Environment* environment = EnvironmentOf(env);
  if (environment == nullptr) napi_throw_error(env, nullptr, "setup() comes first");
  return environment;
}

Napi::Value TryLock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  Request request(info);
  if (environment == nullptr || !request.Check(env)) return env.Undefined();
  return Answer(env, environment->locks.Try(request.get()));
}

Napi::Value StartWait(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  Request request(info);
  if (environment == nullptr || !request.Check(env)) return env.Undefined();
  return Answer(env, environment->locks.StartWait(request.get(), NumberAt(info, 3)));
}

Napi::Value WaitSync(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  Request request(info);
  if (environment == nullptr || !request.Check(env)) return env.Undefined();
  return Answer(env, environment->locks.WaitSync(request.get(), NumberAt(info, 3)));
}

Napi::Value CancelWait(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), environment->locks.CancelWait(IntegerAt(info, 0)));
}

Napi::Value Release(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  bool released = environment->locks.Release(IntegerAt(info, 0), BooleanAt(info, 1), BooleanAt(info, 2));
  return Napi::Boolean::New(info.Env(), released);
}

Napi::Value CloseIdle(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment != nullptr) environment->locks.CloseIdle();
  return info.Env().Undefined();
}

Napi::Value Found(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  const FileLock* lock = environment->locks.Held(IntegerAt(info, 0));
  if (lock == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<int>(lock->found()));
}

Napi::Value IsCurrent(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  const FileLock* lock = environment->locks.Held(IntegerAt(info, 0));
  return Napi::Boolean::New(info.Env(), lock != nullptr && lock->IsCurrent());
}

Napi::Value GiveTo(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  FileLock* lock = environment->locks.Held(IntegerAt(info, 0));
  bool given = lock != nullptr && lock->GiveTo(UnsignedAt(info, 1), UnsignedAt(info, 2));
  return Napi::Boolean::New(info.Env(), given);
}

Napi::Value Pause(const Napi::CallbackInfo& info) {
  SleepMs(NumberAt(info, 0));
  return info.Env().Undefined();
}

Napi::Value KeepAlive(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  if (environment == nullptr) return env.Undefined();
  if (BooleanAt(info, 0)) {
    environment->wait_ended.Ref(env);
  } else {
    environment->wait_ended.Unref(env);
  }
  return env.Undefined();
}

// On the JavaScript thread. A null `env` means that the environment is going and runs no more JavaScript. Bun passes it
// all the same then: after our hook, which closed the table.
void OnWaitEnd(Napi::Env env, Napi::Function callback, void*, LockTable::Entry* entry) {
  bool is_ending = static_cast<napi_env>(env) == nullptr || callback.IsEmpty() || entry->table == nullptr;
  if (is_ending) return LockTable::Discard(entry);
  LockResult result = entry->table->Settle(entry);
  napi_value arguments[5];
  napi_value receiver = nullptr;
  napi_create_int32(env, result.index, &arguments[0]);
  napi_create_int32(env, static_cast<int>(result.status), &arguments[1]);
  napi_get_boolean(env, result.waited, &arguments[2]);
  napi_get_undefined(env, &receiver);
  size_t count = 3;
  if (result.outcome == LockResult::kFailed) {
    napi_create_int32(env, result.error.number, &arguments[3]);
    napi_create_string_utf8(env, result.error.call, NAPI_AUTO_LENGTH, &arguments[4]);
    count = 5;
  }
  napi_call_function(env, receiver, callback, count, arguments, nullptr);
}

Napi::Value Setup(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = EnvironmentOf(env);
  if (environment == nullptr) {
    environment = new Environment;
    // First the thread-safe function, then our hook: hooks run last-in first-out, so ours can still wait for threads
    // that call the function.
    environment->wait_ended =
        WaitEnded::New(env, info[1].As<Napi::Function>(), "zjj lock wait", 0, 1, static_cast<void*>(nullptr),
                       [environment](Napi::Env, void*, void*) { delete environment; });
    if (static_cast<napi_threadsafe_function>(environment->wait_ended) == nullptr) {
      delete environment;
      return Napi::Value();
    }
    environment->wait_ended.Unref(env);
    env.AddCleanupHook([](Environment* ending) { ending->locks.Close(); }, environment);
    env.SetInstanceData(new Environment*(environment));
  }
  char record[kRecordSize];
  bool fits = StringAt(info, 0, record, sizeof(record)) && environment->locks.SetRecord(record);
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
      {"release", Napi::Function::New<Release>(env)},
      {"closeIdle", Napi::Function::New<CloseIdle>(env)},
      {"found", Napi::Function::New<Found>(env)},
      {"isCurrent", Napi::Function::New<IsCurrent>(env)},
      {"giveTo", Napi::Function::New<GiveTo>(env)},
      {"copyAttributes", Napi::Function::New<CopyFileAttributes>(env)},
#ifndef _WIN32
      {"commit", Napi::Function::New<Commit>(env)},
#endif
      {"pause", Napi::Function::New<Pause>(env)},
      {"keepAlive", Napi::Function::New<KeepAlive>(env)},
  };
  for (const auto& [name, function] : functions) napi_set_named_property(env, exports, name, function);
  return exports;
}

}  // namespace

LockTable* LocksOf(Napi::Env env) {
  Environment* environment = EnvironmentOf(env);
  return environment == nullptr ? nullptr : &environment->locks;
}

NODE_API_MODULE(zjj, Init)

}  // namespace zjj
