// A thread that waits for one FileLock in the kernel, or runs one piece of work. Other threads can time out on a wait
// and cancel it.
//
// Never libuv's thread pool: four waiters there block every file operation of the process, and deadlock it if the
// holder needs one. Four blocked reads there would do the same to the work that a lock's holder still has to do.
//
// Calling sequence
//
//   WaitThread* wait = WaitThread::Start(&lock, pause_ms, on_done, context);   // after lock.Open() returned kOk
//   ... repeat wait->Cancel() until IsDone(), or call wait->WaitUntilDone(timeout_ms) ...
//   ... wait->Restart(&other_lock, ...) ...                                    // optional, once IsDone()
//   wait->Join();                                                              // deletes the WaitThread
//
// The lock belongs to the thread until IsDone(). status() is then the result of FileLock::Wait().
//
// StartWork() and RestartWork() run a function on the thread instead. Then status() is kOk, and Cancel() and Abandon()
// must not be called.
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
  // Called on the thread when the wait or the work is done.
  using OnDone = void (*)(void* context);
  // Called on the thread.
  using Work = void (*)(void* context);

  // Waits `pause_ms` milliseconds, so that others get a turn, and then for `lock`. `on_done` may be null.
  //
  // Returns null if no thread is available (the process has kMaxThreads of them, or the system refuses another), if a
  // wait could not be cancelled now, or if an abandoned thread still waits for this path. The caller then polls with
  // FileLock::Try().
  static WaitThread* Start(FileLock* lock, double pause_ms, OnDone on_done, void* context);
  // Like Start(), on a thread that is done. Returns false if that thread has exited, and where Start() returns null.
  // The caller then joins it.
  bool Restart(FileLock* lock, double pause_ms, OnDone on_done, void* context);

  // Calls `work(context)` on a thread, then `on_done(context)`. Returns null if no thread is available.
  static WaitThread* StartWork(Work work, OnDone on_done, void* context);
  // Like StartWork(), on a thread that is done. Returns false if that thread has exited. The caller then joins it.
  bool RestartWork(Work work, OnDone on_done, void* context);

  // Asks the thread to stop waiting. Never blocks. A wake-up can be lost, so repeat the call until IsDone().
  //
  // Returns false if the thread cannot be woken: someone replaced our signal handler (POSIX), or kWakeMs have passed
  // since the first call. Then the system delivers no signal, or the file system ignores it.
  bool Cancel();
  bool IsDone();
  // Blocks the calling thread. Returns false if `timeout_ms` milliseconds passed first. A negative timeout never ends.
  bool WaitUntilDone(double timeout_ms);
  // Blocks until on_done has returned too. Only after IsDone().
  void WaitUntilReported();
  // Repeats Cancel() until the thread is done. Returns false if it cannot be woken.
  bool CancelUntilDone();
  // Only after IsDone(). Stops the thread and deletes this object.
  void Join();
  // Lets go of a thread that cannot be woken. The thread owns the lock from now on. When the system call returns, the
  // thread releases the lock and deletes both objects. Until then it counts as one of kMaxThreads. Returns false if the
  // thread is done already; the caller then joins it.
  bool Abandon();

  LockStatus status() const { return status_; }

  static constexpr int kMaxThreads = 64;
  // Threads that only work can have, so that sixty-four waits do not stop it.
  static constexpr int kWorkThreads = 16;
  static constexpr double kParkedMs = 20;
  static constexpr double kWakeMs = 1000;

 private:
  struct Platform;
  // One of `lock` and `work` is set.
  struct Job {
    FileLock* lock;
    double pause_ms;
    Work work;
    OnDone on_done;
    void* context;
  };

  WaitThread();
  ~WaitThread();
  static bool CanWaitFor(const FileLock* lock);
  static bool HasAbandoned(const char* path);
  void NoteAbandoned();
  void ForgetAbandoned();
  static WaitThread* StartJob(const Job& job, int max_threads);
  bool RestartJob(const Job& job);
  void Assign(const Job& job);
  void Run();
  bool WaitForRestart();
  static bool ReserveThread(int max_threads);
  static void UnreserveThread();

  // In the platform's file.
  static bool IsCancellable();
  // Returns false if the system has no resources for another thread.
  bool StartThread();
  void JoinThread();
  void DetachThread();
  // Interrupts the system call. Returns false if that is not possible now. A wake-up can be lost.
  bool Wake();
  void ResetCancel();
  // The mutex of the list of abandoned threads.
  static void LockList();
  static void UnlockList();
  void LockMutex();
  void UnlockMutex();
  void SignalChange();
  // Call with the mutex locked. Returns after SignalChange() or `timeout_ms` (negative: never), or spuriously.
  void WaitForChange(double timeout_ms);

  Job job_ = {};
  Cancellation cancellation_;
  double cancelled_at_ms_ = 0;  // the first Cancel()
  LockStatus status_ = LockStatus::kCancelled;
  // The platform's mutex guards these five.
  bool done_ = false;
  bool reported_ = false;  // on_done has returned
  bool stop_requested_ = false;
  bool exited_ = false;     // the thread has left its loop and cannot be restarted
  bool abandoned_ = false;  // the thread deletes this object itself
  WaitThread* next_abandoned_ = nullptr;
  Platform* platform_;
};

}  // namespace zjj

#endif  // ZJJ_WAIT_WAIT_THREAD_H_
