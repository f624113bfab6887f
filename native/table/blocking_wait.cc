// The contract is in blocking_wait.h.

#include "table/blocking_wait.h"

#include "platform/platform.h"

namespace zjj {

namespace {

constexpr double kPollMs = 20;

LockStatus Poll(FileLock* lock, const LockOptions& options, double timeout_ms) {
  double deadline_ms = MonotonicMs() + timeout_ms;
  for (;;) {
    LockStatus status = lock->Open(options);
    if (status == LockStatus::kOk) status = lock->Try();
    if (status != LockStatus::kBusy) return status;
    double left_ms = timeout_ms < 0 ? kPollMs : deadline_ms - MonotonicMs();
    if (left_ms <= 0) return LockStatus::kCancelled;
    SleepMs(left_ms < kPollMs ? left_ms : kPollMs);
  }
}

}  // namespace

LockStatus WaitBlocking(FileLock** lock, const LockOptions& options, double timeout_ms, ParkedThread* threads) {
  WaitThread* wait = threads->StartWait(*lock, 0, nullptr, nullptr);
  if (wait == nullptr) return Poll(*lock, options, timeout_ms);
  if (!wait->WaitUntilDone(timeout_ms) && !wait->CancelUntilDone() && wait->Abandon()) {
    *lock = nullptr;
    return LockStatus::kCancelled;
  }
  LockStatus status = wait->status();
  threads->Park(wait);
  return status;
}

}  // namespace zjj
