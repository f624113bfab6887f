// A thread that waits for one FileLock in the kernel; others can time out on it and cancel it.
//
// Never libuv's pool: four waiters there stop every file operation of the process, and deadlock it if the holder needs
// one.
//
// Calling sequence
//
//   WaitThread* wait = WaitThread::Start(&lock, pause_ms, on_out, context);   // lock.Open() answered kOk
//   ... wait->Cancel() again and again until IsOut(), or wait->WaitUntilOut(timeout) ...
//   ... wait->Restart(&other_lock, ...) ...                         // at will, once it is out
//   wait->Join();                                                   // deletes it
//
// The lock belongs to the thread until IsOut(); status() is what FileLock::Wait answered. A thread that is out stays
// for kParkedMs, for whoever had to wait for a lock mostly has to again, and a new thread takes longer than a lock
// does.
#ifndef ZJJ_WAIT_THREAD_H_
#define ZJJ_WAIT_THREAD_H_

#include <cstdint>

#include "file_lock.h"

namespace zjj {

class WaitThread {
 public:
  // Called on the thread once it is out.
  using OnOut = void (*)(void* context);

  // Null when no thread is to be had (kMaxThreads of the process are there, or the system has none) or when none could
  // be cancelled: then the caller polls with FileLock::Try. The thread stays away for `pause_ms` before it asks for the
  // lock, so that others have a turn. `on_out` may be null.
  static WaitThread* Start(FileLock* lock, double pause_ms, OnOut on_out, void* context);
  // As Start(), with a thread that is out. False when it has ended, or could not be cancelled: then join it.
  bool Restart(FileLock* lock, double pause_ms, OnOut on_out, void* context);

  // Asks the thread to come out; never blocks. What wakes it can get lost, so repeat it until IsOut(). False when the
  // thread cannot be woken now (POSIX: somebody replaced our signal handler).
  bool Cancel();
  bool IsOut();
  // Blocks the caller; false when `timeout_ms` (negative: for ever) ran out first.
  bool WaitUntilOut(double timeout_ms);
  // Cancels until the thread is out. False when it cannot be woken.
  bool CancelUntilOut();
  // Only after IsOut(). Ends the thread, and deletes this.
  void Join();
  // Leaves a thread that cannot be woken to itself: when the system call ends it releases the lock, which is its own
  // from now on, and deletes both. False when it came out before: then join it.
  bool Abandon();

  LockStatus status() const { return status_; }

  static constexpr int kMaxThreads = 64;
  static constexpr double kParkedMs = 20;

 private:
  struct Platform;

  WaitThread();
  ~WaitThread();
  void Assign(FileLock* lock, double pause_ms, OnOut on_out, void* context);
  void Run();
  bool WaitForNext();
  static bool Reserve();
  static void Unreserve();

  // The rest is one platform's.
  static bool IsCancellable();
  bool IsReady() const;
  bool StartThread();
  void JoinThread();
  void DetachThread();
  void ResetCancel();
  void LockMutex();
  void UnlockMutex();
  void SignalChange();
  // With the mutex, until SignalChange() or `timeout_ms` (negative: for ever) is over, or for no reason.
  void WaitForChange(double timeout_ms);

  FileLock* lock_ = nullptr;
  double pause_ms_ = 0;
  OnOut on_out_ = nullptr;
  void* context_ = nullptr;
  Cancellation cancellation_;
  LockStatus status_ = LockStatus::kCancelled;
  // Guarded by the platform's mutex, all of them.
  bool out_ = false;
  bool quits_ = false;      // it is to end
  bool ended_ = false;      // it has ended, or is about to
  bool abandoned_ = false;  // nobody else knows it any more
  Platform* platform_;
};

// Keeps this library in memory until the process ends: a thread may be inside when a worker that loaded it goes.
void KeepLoaded();
// Blocks the calling thread.
void SleepMs(double ms);
double MonotonicMs();

}  // namespace zjj

#endif  // ZJJ_WAIT_THREAD_H_
