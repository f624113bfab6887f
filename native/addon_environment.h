// The state of one Node-API environment (the main thread or a worker): its LockTable, and the thread-safe function that
// delivers the end of a wait or a task to JavaScript.
#ifndef ZJJ_ADDON_ENVIRONMENT_H_
#define ZJJ_ADDON_ENVIRONMENT_H_

#define NAPI_VERSION 8
#include <napi.h>

#include "table/lock_table.h"

namespace zjj {

class Environment {
 public:
  // Creates the environment of setup(). `on_wait_end` is the JavaScript callback. Returns null with an exception
  // pending on failure. Node-API deletes the environment when it ends.
  static Environment* Create(Napi::Env env, Napi::Function on_wait_end);
  // Returns null before setup().
  static Environment* Of(Napi::Env env);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  LockTable& locks() { return locks_; }
  // Whether waits keep the event loop alive.
  void KeepAlive(Napi::Env env, bool keep);

  // The arguments of the callback of setup(): index, status, waited, errno, call. A task has its outcome as status.
  struct Ending {
    static constexpr size_t kSize = 5;
    napi_value values[kSize];
  };
  // Settles a handle that is done.
  static Ending End(napi_env env, LockHandle* handle);

 private:
  static void OnWaitEnd(Napi::Env env, Napi::Function callback, void*, LockHandle* handle);
  using WaitEnd = Napi::TypedThreadSafeFunction<void, LockHandle, OnWaitEnd>;

  Environment();
  ~Environment();

  LockTable locks_;
  WaitEnd wait_end_;
};

}  // namespace zjj

#endif  // ZJJ_ADDON_ENVIRONMENT_H_
