// A thread that waits for one FileLock in the kernel. Other threads can time out on it and cancel it.
//
// Never libuv's thread pool: four waiters there block every file operation of the process, and deadlock it if the
// holder needs one.
//
// Calling sequence
//
//   WaitThread* wait = WaitThread::Start(&lock, pause_ms, on_done, context);   // after lock.Open() returned kOk or kBusy
//   ... repeat wait->Cancel() until IsDone(), or call wait->WaitUntilDone(timeout_ms) ...
//   ... wait->Restart(&other_lock, ...) ...                                    // optional, once IsDone()
//   wait->Join();                                                              // deletes the WaitThread
//
// The lock belongs to the thread until IsDone(). status() is then the result of FileLock::Wait().
//
// A thread that is done stays for kParkedMs and can be restarted. A process that waited once usually waits again, and
// creating a thread takes longer than taking a lock.
#ifndef ZJJ_WAIT_WAIT_THREAD_H_
#define ZJJ_WAIT_WAIT_THREAD_H_

#include <cstdint>

#include "lock/file_lock.h"

namespace zjj {

class WaitThread {
 public:
  // Called on the wait thread when the wait is done.
  using OnDone = void (*)(void* context);

  // Waits `pause_ms` milliseconds, so that others get a turn, and then for `lock`. `on_done` may be null.
  //
  // Returns null if no thread is available (the process has kMaxThreads of them, or the system refuses another), or if
  // a wait could not be cancelled now. The caller then polls with FileLock::Try().
  static WaitThread* Start(FileLock* lock, double pause_ms, OnDone on_done, void* context);
  // Like Start(), on a thread that is done. Returns false if that thread has exited or could not be cancelled now. The
  // caller then joins it.
  bool Restart(FileLock* lock, double pause_ms, OnDone on_done, void* context);

  // Asks the thread to stop waiting. Never blocks. A wake-up can be lost, so repeat the call until IsDone(). Returns
  // false if the thread cannot be woken now (POSIX: someone replaced our signal handler).
  bool Cancel();
  bool IsDone();
  // Blocks the calling thread. Returns false if `timeout_ms` milliseconds passed first. A negative timeout never ends.
  bool WaitUntilDone(double timeout_ms);
  // Repeats Cancel() until the thread is done. Returns false if it cannot be woken.
  bool CancelUntilDone();
  // Only after IsDone(). Stops the thread and deletes this object.
  void Join();
  // Lets go of a thread that cannot be woken. The thread owns the lock from now on. When the system call returns, the
  // thread releases the lock and deletes both objects. Returns false if the thread is done already; the caller then
  // joins it.
  bool Abandon();

  LockStatus status() const { return status_; }

  static constexpr int kMaxThreads = 64;
  static constexpr double kParkedMs = 20;

 private:
  struct Platform;

  WaitThread();
  ~WaitThread();
  void Assign(FileLock* lock, double pause_ms, OnDone on_done, void* context);
  void Run();
  bool WaitForRestart();
  static bool ReserveThread();
  static void UnreserveThread();

  // In the platform's file.
  static bool IsCancellable();
  // Returns false if the system has no resources for another thread.
  bool StartThread();
  void JoinThread();
  void DetachThread();
  void ResetCancel();
  void LockMutex();
  void UnlockMutex();
  void SignalChange();
  // Call with the mutex locked. Returns after SignalChange() or `timeout_ms` (negative: never), or spuriously.
  void WaitForChange(double timeout_ms);

  FileLock* lock_ = nullptr;
  double pause_ms_ = 0;
  OnDone on_done_ = nullptr;
  void* context_ = nullptr;
  Cancellation cancellation_;
  LockStatus status_ = LockStatus::kCancelled;
  // The platform's mutex guards these four.
  bool done_ = false;
  bool stop_requested_ = false;
  bool exited_ = false;     // the thread has left its loop and cannot be restarted
  bool abandoned_ = false;  // the thread deletes this object itself
  Platform* platform_;
};

}  // namespace zjj

#endif  // ZJJ_WAIT_WAIT_THREAD_H_
