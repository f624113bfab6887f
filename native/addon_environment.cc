// The contract is in addon_environment.h.

#include "addon_environment.h"

#include "platform/platform.h"

namespace zjj {

Environment::Environment()
    : locks_([](LockHandle* handle,
                void* self) { return static_cast<Environment*>(self)->wait_end_.NonBlockingCall(handle) == napi_ok; },
             this) {
  // Node-API makes an environment for each time that a thread loads the addon, and clearing the require cache makes it
  // load again. The thread keeps the table of one of them.
  auto* other = static_cast<LockTable*>(ThreadValue());
  if (other == nullptr) {
    SetThreadValue(&locks_);
  } else {
    locks_.ShareThread(other);
  }
}

Environment::~Environment() {
  if (ThreadValue() == &locks_) SetThreadValue(locks_.thread_mate());
}

Environment* Environment::Create(Napi::Env env, Napi::Function on_wait_end) {
  auto* environment = new Environment;
  // Create the thread-safe function before the cleanup hook. Hooks run last in, first out, so our hook can still wait
  // for the threads that call the function. The function's finalizer deletes the environment. Handles that are still
  // queued are discarded then, which does not touch it.
  environment->wait_end_ = WaitEnd::New(env, on_wait_end, "zjj lock wait", 0, 1, static_cast<void*>(nullptr),
                                        [environment](Napi::Env, void*, void*) { delete environment; });
  if (static_cast<napi_threadsafe_function>(environment->wait_end_) == nullptr) {
    delete environment;
    return nullptr;
  }
  environment->wait_end_.Unref(env);
  env.AddCleanupHook([](Environment* ending) { ending->locks_.Close(); }, environment);
  env.SetInstanceData(new Environment*(environment));
  return environment;
}

Environment* Environment::Of(Napi::Env env) {
  auto* slot = env.GetInstanceData<Environment*>();
  return slot == nullptr ? nullptr : *slot;
}

void Environment::KeepAlive(Napi::Env env, bool keep) {
  if (keep) {
    wait_end_.Ref(env);
  } else {
    wait_end_.Unref(env);
  }
}

// Runs on the JavaScript thread. A null `env` means that the environment is ending and runs no more JavaScript. Bun
// passes a valid `env` even then, after our cleanup hook has closed the table.
void Environment::OnWaitEnd(Napi::Env env, Napi::Function callback, void*, LockHandle* handle) {
  bool is_ending = static_cast<napi_env>(env) == nullptr || callback.IsEmpty() || handle->table == nullptr;
  if (is_ending) return LockTable::Discard(handle);
  Ending ending = End(env, handle);
  napi_value receiver = nullptr;
  napi_get_undefined(env, &receiver);
  napi_call_function(env, receiver, callback, Ending::kSize, ending.values, nullptr);
}

Environment::Ending Environment::End(napi_env env, LockHandle* handle) {
  LockTable* table = handle->table;
  int index;
  int status;
  bool waited = false;
  SystemError error;
  if (handle->task != nullptr) {
    TaskResult result = table->SettleTask(handle);
    index = result.index;
    status = result.outcome;
    error = result.error;
  } else {
    LockResult result = table->Settle(handle);
    index = result.index;
    status = static_cast<int>(result.status);
    waited = result.waited;
    error = result.error;
  }
  Ending ending = {};
  napi_create_int32(env, index, &ending.values[0]);
  napi_create_int32(env, status, &ending.values[1]);
  napi_get_boolean(env, waited, &ending.values[2]);
  napi_create_int32(env, error.number, &ending.values[3]);
  napi_create_string_utf8(env, error.call, NAPI_AUTO_LENGTH, &ending.values[4]);
  return ending;
}

}  // namespace zjj
