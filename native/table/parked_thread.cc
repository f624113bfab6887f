// The contract is in parked_thread.h.

#include "table/parked_thread.h"

namespace zjj {

WaitThread* ParkedThread::StartWait(FileLock* lock, double pause_ms, WaitThread::OnDone on_done, void* context) {
  if (WaitThread* parked = Take()) {
    if (parked->Restart(lock, pause_ms, on_done, context)) return parked;
    parked->Join();
  }
  return WaitThread::Start(lock, pause_ms, on_done, context);
}

WaitThread* ParkedThread::StartWork(WaitThread::Work work, WaitThread::OnDone on_done, void* context) {
  if (WaitThread* parked = Take()) {
    if (parked->RestartWork(work, on_done, context)) return parked;
    parked->Join();
  }
  return WaitThread::StartWork(work, on_done, context);
}

void ParkedThread::Park(WaitThread* wait) {
  if (wait->status() != LockStatus::kOk) {
    wait->Join();
    return;
  }
  Join();
  wait_ = wait;
}

void ParkedThread::Join() {
  if (WaitThread* parked = Take()) parked->Join();
}

WaitThread* ParkedThread::Take() {
  WaitThread* parked = wait_;
  wait_ = nullptr;
  return parked;
}

}  // namespace zjj
