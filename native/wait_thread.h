// A thread that waits for one FileLock in the kernel; others can time out on it and cancel it.
//
// Never libuv's pool: four waiters there stop every file operation of the process, and deadlock it if the holder needs
// one.
//
// Calling sequence
//
//   WaitThread* wait = WaitThread::Start(&lock, on_out, context);   // lock.Open() answered kOk
//   ... wait->Cancel() again and again until IsOut(), or wait->WaitUntilOut(timeout) ...
//   wait->Join();                                                   // deletes it
//
// The lock belongs to the thread until IsOut(); status() is what FileLock::Wait answered.
#ifndef ZJJ_WAIT_THREAD_H_
#define ZJJ_WAIT_THREAD_H_

#include <cstdint>

#include "file_lock.h"

namespace zjj {

class WaitThread {
 public:
  // Called on the thread once it is out, as the last thing that it does.
  using OnOut = void (*)(void* context);

  // Null when no thread is to be had (kMaxThreads of the process are waiting, or the system has none) or when none
  // could be cancelled: then the caller polls with FileLock::Try. `on_out` may be null.
  static WaitThread* Start(FileLock* lock, OnOut on_out, void* context);

  // Asks the thread to come out; never blocks. What wakes it can get lost, so repeat it until IsOut(). False when the
  // thread cannot be woken now (POSIX: somebody replaced our signal handler).
  bool Cancel();
  bool IsOut();
  // Blocks the caller; false when `timeout_ms` (negative: for ever) ran out first.
  bool WaitUntilOut(double timeout_ms);
  // Cancels until the thread is out. False when it cannot be woken.
  bool CancelUntilOut();
  // Only after IsOut(). Deletes this.
  void Join();
  // Leaves a thread that cannot be woken to itself: when the system call ends it releases the lock, which is its own
  // from now on, and deletes both. False when it came out before: then join it.
  bool Abandon();

  LockStatus status() const { return status_; }

  static constexpr int kMaxThreads = 64;

 private:
  struct Platform;

  WaitThread(FileLock* lock, OnOut on_out, void* context);
  ~WaitThread();
  bool StartThread();
  void Run();
  static bool Reserve();
  static void Unreserve();

  FileLock* lock_;
  OnOut on_out_;
  void* context_;
  Cancellation cancellation_;
  LockStatus status_ = LockStatus::kCancelled;
  bool out_ = false;  // guarded by the platform's mutex, as is the next
  bool abandoned_ = false;
  Platform* platform_;
};

// Keeps this library in memory until the process ends: a thread may be inside when a worker that loaded it goes.
void KeepLoaded();
// Blocks the calling thread.
void SleepMs(double ms);
double MonotonicMs();

}  // namespace zjj

#endif  // ZJJ_WAIT_THREAD_H_
