// The parts of WaitThread that are the same on every platform. The contract is in wait_thread.h.

#include "wait/wait_thread.h"

#include <cstring>

#include "platform/platform.h"

namespace zjj {

namespace {

// Has no destructor: process.exit() runs the destructors of statics while wait threads still run.
std::atomic<int> thread_count{0};

// Guarded by LockList().
WaitThread* first_abandoned = nullptr;

}  // namespace

WaitThread* WaitThread::Start(FileLock* lock, double pause_ms, OnDone on_done, void* context) {
  if (!CanWaitFor(lock)) return nullptr;
  return StartJob({lock, pause_ms, nullptr, on_done, context}, kMaxThreads);
}

bool WaitThread::Restart(FileLock* lock, double pause_ms, OnDone on_done, void* context) {
  return CanWaitFor(lock) && RestartJob({lock, pause_ms, nullptr, on_done, context});
}

WaitThread* WaitThread::StartWork(Work work, OnDone on_done, void* context) {
  return StartJob({nullptr, 0, work, on_done, context}, kMaxThreads + kWorkThreads);
}

bool WaitThread::RestartWork(Work work, OnDone on_done, void* context) {
  return RestartJob({nullptr, 0, work, on_done, context});
}

bool WaitThread::CanWaitFor(const FileLock* lock) { return IsCancellable() && !HasAbandoned(lock->path()); }

WaitThread* WaitThread::StartJob(const Job& job, int max_threads) {
  if (!ReserveThread(max_threads)) return nullptr;
  auto* wait = new WaitThread;
  wait->Assign(job);
  if (wait->StartThread()) return wait;
  delete wait;
  UnreserveThread();
  return nullptr;
}

bool WaitThread::RestartJob(const Job& job) {
  LockMutex();
  bool can_restart = !exited_;
  if (can_restart) {
    Assign(job);
    SignalChange();
  }
  UnlockMutex();
  return can_restart;
}

bool WaitThread::Cancel() {
  double now_ms = MonotonicMs();
  if (!cancellation_.requested.exchange(true, std::memory_order_acq_rel)) cancelled_at_ms_ = now_ms;
  return Wake() && now_ms - cancelled_at_ms_ < kWakeMs;
}

bool WaitThread::IsDone() {
  LockMutex();
  bool done = done_;
  UnlockMutex();
  return done;
}

bool WaitThread::WaitUntilDone(double timeout_ms) {
  double deadline_ms = MonotonicMs() + timeout_ms;
  LockMutex();
  while (!done_) {
    double left_ms = timeout_ms < 0 ? -1 : deadline_ms - MonotonicMs();
    if (timeout_ms >= 0 && left_ms <= 0) break;
    WaitForChange(left_ms);
  }
  bool done = done_;
  UnlockMutex();
  return done;
}

void WaitThread::WaitUntilReported() {
  LockMutex();
  while (!reported_) WaitForChange(-1);
  UnlockMutex();
}

bool WaitThread::CancelUntilDone() {
  double pause_ms = 1;
  for (;;) {
    if (!Cancel() && !IsDone()) return false;
    if (WaitUntilDone(pause_ms)) return true;
    if (pause_ms < 16) pause_ms *= 2;
  }
}

void WaitThread::Join() {
  LockMutex();
  stop_requested_ = true;
  SignalChange();
  UnlockMutex();
  JoinThread();
  delete this;
}

bool WaitThread::Abandon() {
  LockMutex();
  bool is_waiting = !done_;
  abandoned_ = is_waiting;
  // Before the mutex is unlocked. After that the thread may delete this object.
  if (is_waiting) {
    DetachThread();
    NoteAbandoned();
  }
  UnlockMutex();
  return is_waiting;
}

// One thread at most stays behind for each path, however many waits for it time out.
bool WaitThread::HasAbandoned(const char* path) {
  LockList();
  const WaitThread* each = first_abandoned;
  while (each != nullptr && strcmp(each->job_.lock->path(), path) != 0) each = each->next_abandoned_;
  UnlockList();
  return each != nullptr;
}

void WaitThread::NoteAbandoned() {
  LockList();
  next_abandoned_ = first_abandoned;
  first_abandoned = this;
  UnlockList();
}

void WaitThread::ForgetAbandoned() {
  LockList();
  WaitThread** each = &first_abandoned;
  while (*each != this) each = &(*each)->next_abandoned_;
  *each = next_abandoned_;
  UnlockList();
}

void WaitThread::Assign(const Job& job) {
  job_ = job;
  cancellation_.requested.store(false, std::memory_order_release);
  ResetCancel();
  done_ = false;
  reported_ = false;
}

void WaitThread::Run() {
  do {
    // Once done_ is set, another job may replace this one.
    const Job job = job_;
    if (job.pause_ms > 0) SleepMs(job.pause_ms);
    if (job.work != nullptr) job.work(job.context);
    status_ = job.lock != nullptr ? job.lock->Wait(cancellation_) : LockStatus::kOk;
    LockMutex();
    done_ = true;
    bool abandoned = abandoned_;
    SignalChange();
    UnlockMutex();
    if (abandoned) {
      // First, so that nobody finds the lock free and a wait for it impossible.
      ForgetAbandoned();
      delete job.lock;
      delete this;
      break;
    }
    if (job.on_done != nullptr) job.on_done(job.context);
  } while (WaitForRestart());
  // Not in Join(): a thread that exited by itself may not be joined for a long time.
  UnreserveThread();
}

// Returns false if the thread must exit.
bool WaitThread::WaitForRestart() {
  double deadline_ms = MonotonicMs() + kParkedMs;
  LockMutex();
  // Another job may have begun since on_done was called.
  reported_ = done_;
  SignalChange();
  while (done_ && !stop_requested_) {
    double left_ms = deadline_ms - MonotonicMs();
    if (left_ms <= 0) break;
    WaitForChange(left_ms);
  }
  exited_ = done_;
  bool restarted = !done_;
  UnlockMutex();
  return restarted;
}

bool WaitThread::ReserveThread(int max_threads) {
  if (thread_count.fetch_add(1, std::memory_order_relaxed) < max_threads) return true;
  UnreserveThread();
  return false;
}

void WaitThread::UnreserveThread() { thread_count.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace zjj
