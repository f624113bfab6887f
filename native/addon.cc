// Node-API conversions, nothing else: what JavaScript calls is LockTable (lock_table.h).
//
//   setup(record, onWaitEnd)                            before anything else; record: the start of the holder's JSON
//   tryLock(path, flags, fileMode) -> index | BUSY
//   startWait(path, flags, fileMode) -> index | MUST_POLL     onWaitEnd(index, status, errno, call) follows
//   cancelWait(index) -> boolean                        false: no such wait, or it could not be woken and is given up
//   waitSync(path, flags, fileMode, timeoutMs) -> index | TIMED_OUT | DEADLOCK     timeoutMs < 0: for ever
//   release(index, clean) -> boolean
//   found(index) -> FoundState
//   isCurrent(index) -> boolean                         whether the path still names the locked file
//   giveTo(index, user, group) -> boolean               the lock file's owner
//   keepAlive(boolean)                                  whether pending waits keep the event loop alive
//
//   copyAttributes(from, fd) -> boolean                 file_attributes.h
//
// What fails throws an Error with the numbers `status` (LockStatus) and `errno` and the string `syscall`.

#define NAPI_VERSION 8
#include <napi.h>

#include <cerrno>
#include <new>

#include "file_attributes.h"
#include "lock_table.h"

namespace zjj {

namespace {

constexpr int kBusy = -1;
constexpr int kTimedOut = -2;
constexpr int kDeadlock = -3;
constexpr int kMustPoll = -4;

constexpr uint32_t kSharedFlag = 1;

constexpr size_t kPathSize = 4096 + 1;

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

Napi::Value Throw(Napi::Env env, const LockResult& result) {
  Napi::Error error = Napi::Error::New(env, result.error.call);
  error.Set("status", Napi::Number::New(env, static_cast<int>(result.status)));
  error.Set("errno", Napi::Number::New(env, result.error.number));
  error.Set("syscall", Napi::String::New(env, result.error.call));
  error.ThrowAsJavaScriptException();
  return env.Undefined();
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
  explicit Request(const Napi::CallbackInfo& info) : request_{path_, LockMode::kExclusive, 0} {
    size_t length = 0;
    if (napi_get_value_string_utf8(info.Env(), info[0], path_, sizeof(path_), &length) != napi_ok) return;
    fits_ = length < sizeof(path_) - 1;
    uint32_t flags = 0;
    if (napi_get_value_uint32(info.Env(), info[1], &flags) != napi_ok) return;
    if (napi_get_value_uint32(info.Env(), info[2], &request_.file_mode) != napi_ok) return;
    if ((flags & kSharedFlag) != 0) request_.mode = LockMode::kShared;
    is_valid_ = true;
  }

  // False when an exception is pending.
  bool Check(Napi::Env env) const {
    if (!is_valid_) {
      Napi::TypeError::New(env, "path, flags and fileMode expected").ThrowAsJavaScriptException();
    } else if (!fits_) {
      LockResult result = {LockResult::kFailed};
      result.status = LockStatus::kFailed;
      result.error = {ENAMETOOLONG, "open", 0};
      Throw(env, result);
    }
    return is_valid_ && fits_;
  }

  const LockRequest& get() const { return request_; }

 private:
  char path_[kPathSize];
  LockRequest request_;
  bool is_valid_ = false;
  bool fits_ = false;
};

// The environment of a call, or null with an exception pending.
Environment* Enter(Napi::Env env) {
  Environment* environment = EnvironmentOf(env);
  if (environment == nullptr) Napi::Error::New(env, "setup() comes first").ThrowAsJavaScriptException();
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
  return Answer(env, environment->locks.StartWait(request.get()));
}

Napi::Value WaitSync(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  Request request(info);
  if (environment == nullptr || !request.Check(env)) return env.Undefined();
  return Answer(env, environment->locks.WaitSync(request.get(), info[3].ToNumber().DoubleValue()));
}

Napi::Value CancelWait(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), environment->locks.CancelWait(info[0].ToNumber().Int32Value()));
}

Napi::Value Release(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  bool released = environment->locks.Release(info[0].ToNumber().Int32Value(), info[1].ToBoolean());
  return Napi::Boolean::New(info.Env(), released);
}

Napi::Value Found(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  const FileLock* lock = environment->locks.Held(info[0].ToNumber().Int32Value());
  if (lock == nullptr) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<int>(lock->found()));
}

Napi::Value IsCurrent(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  const FileLock* lock = environment->locks.Held(info[0].ToNumber().Int32Value());
  return Napi::Boolean::New(info.Env(), lock != nullptr && lock->IsCurrent());
}

Napi::Value GiveTo(const Napi::CallbackInfo& info) {
  Environment* environment = Enter(info.Env());
  if (environment == nullptr) return info.Env().Undefined();
  FileLock* lock = environment->locks.Held(info[0].ToNumber().Int32Value());
  bool given = lock != nullptr && lock->GiveTo(info[1].ToNumber().Uint32Value(), info[2].ToNumber().Uint32Value());
  return Napi::Boolean::New(info.Env(), given);
}

Napi::Value CopyFileAttributes(const Napi::CallbackInfo& info) {
  std::string from = info[0].ToString().Utf8Value();
  return Napi::Boolean::New(info.Env(), CopyAttributes(from.c_str(), info[1].ToNumber().Int32Value()));
}

Napi::Value KeepAlive(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Enter(env);
  if (environment == nullptr) return env.Undefined();
  if (info[0].ToBoolean()) {
    environment->wait_ended.Ref(env);
  } else {
    environment->wait_ended.Unref(env);
  }
  return env.Undefined();
}

// On the JavaScript thread. A null `env` means that the environment is going and runs no more JavaScript.
void OnWaitEnd(Napi::Env env, Napi::Function callback, void*, LockTable::Entry* entry) {
  if (static_cast<napi_env>(env) == nullptr || callback.IsEmpty()) return LockTable::Discard(entry);
  LockResult result = entry->table->Settle(entry);
  callback.Call({Napi::Number::New(env, result.index), Napi::Number::New(env, static_cast<int>(result.status)),
                 Napi::Number::New(env, result.error.number), Napi::String::New(env, result.error.call)});
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
    environment->wait_ended.Unref(env);
    env.AddCleanupHook([](Environment* ending) { ending->locks.Close(); }, environment);
    env.SetInstanceData(new Environment*(environment));
  }
  bool fits = environment->locks.SetRecord(info[0].ToString().Utf8Value().c_str());
  return Napi::Boolean::New(env, fits);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  KeepLoaded();
  exports.Set("setup", Napi::Function::New<Setup>(env));
  exports.Set("tryLock", Napi::Function::New<TryLock>(env));
  exports.Set("startWait", Napi::Function::New<StartWait>(env));
  exports.Set("cancelWait", Napi::Function::New<CancelWait>(env));
  exports.Set("waitSync", Napi::Function::New<WaitSync>(env));
  exports.Set("release", Napi::Function::New<Release>(env));
  exports.Set("found", Napi::Function::New<Found>(env));
  exports.Set("isCurrent", Napi::Function::New<IsCurrent>(env));
  exports.Set("giveTo", Napi::Function::New<GiveTo>(env));
  exports.Set("copyAttributes", Napi::Function::New<CopyFileAttributes>(env));
  exports.Set("keepAlive", Napi::Function::New<KeepAlive>(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(zjj, Init)

}  // namespace zjj
