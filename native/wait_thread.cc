// What waits have in common on every platform. The contract is in wait_thread.h.

#include "wait_thread.h"

#include <new>

namespace zjj {

namespace {

// A plain object without a destructor: process.exit() runs those of statics while our threads still wait.
std::atomic<int> threads{0};

}  // namespace

WaitThread* WaitThread::Start(FileLock* lock, double pause_ms, OnOut on_out, void* context) {
  if (!IsCancellable() || !Reserve()) return nullptr;
  WaitThread* wait = new (std::nothrow) WaitThread;
  if (wait != nullptr && wait->IsReady()) {
    wait->Assign(lock, pause_ms, on_out, context);
    if (wait->StartThread()) return wait;
  }
  delete wait;
  Unreserve();
  return nullptr;
}

bool WaitThread::Restart(FileLock* lock, double pause_ms, OnOut on_out, void* context) {
  if (!IsCancellable()) return false;
  LockMutex();
  bool restarts = !ended_;
  if (restarts) {
    Assign(lock, pause_ms, on_out, context);
    SignalChange();
  }
  UnlockMutex();
  return restarts;
}

void WaitThread::Assign(FileLock* lock, double pause_ms, OnOut on_out, void* context) {
  lock_ = lock;
  pause_ms_ = pause_ms;
  on_out_ = on_out;
  context_ = context;
  cancellation_.requested.store(false, std::memory_order_release);
  ResetCancel();
  out_ = false;
}

void WaitThread::Run() {
  do {
    if (pause_ms_ > 0) SleepMs(pause_ms_);
    status_ = lock_->Wait(cancellation_);
    OnOut on_out = on_out_;
    void* context = context_;
    LockMutex();
    out_ = true;
    bool abandoned = abandoned_;
    SignalChange();
    UnlockMutex();
    if (abandoned) {
      delete lock_;
      delete this;
      break;
    }
    if (on_out != nullptr) on_out(context);
  } while (WaitForNext());
  // Here and not in Join(): one that ended by itself may not be joined for long.
  Unreserve();
}

// False when the thread is to end.
bool WaitThread::WaitForNext() {
  double deadline_ms = MonotonicMs() + kParkedMs;
  LockMutex();
  while (out_ && !quits_) {
    double left_ms = deadline_ms - MonotonicMs();
    if (left_ms <= 0) break;
    WaitForChange(left_ms);
  }
  ended_ = out_;
  bool restarted = !out_;
  UnlockMutex();
  return restarted;
}

bool WaitThread::IsOut() {
  LockMutex();
  bool out = out_;
  UnlockMutex();
  return out;
}

bool WaitThread::WaitUntilOut(double timeout_ms) {
  double deadline_ms = MonotonicMs() + timeout_ms;
  LockMutex();
  while (!out_) {
    double left_ms = timeout_ms < 0 ? -1 : deadline_ms - MonotonicMs();
    if (timeout_ms >= 0 && left_ms <= 0) break;
    WaitForChange(left_ms);
  }
  bool out = out_;
  UnlockMutex();
  return out;
}

bool WaitThread::CancelUntilOut() {
  double pause_ms = 1;
  for (;;) {
    if (!Cancel() && !IsOut()) return false;
    if (WaitUntilOut(pause_ms)) return true;
    if (pause_ms < 16) pause_ms *= 2;
  }
}

void WaitThread::Join() {
  LockMutex();
  quits_ = true;
  SignalChange();
  UnlockMutex();
  JoinThread();
  delete this;
}

bool WaitThread::Abandon() {
  LockMutex();
  bool abandons = !out_;
  abandoned_ = abandons;
  // While the mutex keeps the thread from deleting this.
  if (abandons) DetachThread();
  UnlockMutex();
  return abandons;
}

bool WaitThread::Reserve() {
  if (threads.fetch_add(1, std::memory_order_relaxed) < kMaxThreads) return true;
  Unreserve();
  return false;
}

void WaitThread::Unreserve() { threads.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace zjj
