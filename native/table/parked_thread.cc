// The contract is in parked_thread.h.

#include "table/parked_thread.h"

namespace zjj {

WaitThread* ParkedThread::StartWait(FileLock* lock, double pause_ms, WaitThread::OnDone on_done, void* context) {
  if (wait_ != nullptr) {
    WaitThread* wait = wait_;
    wait_ = nullptr;
    if (wait->Restart(lock, pause_ms, on_done, context)) return wait;
    wait->Join();
  }
  return WaitThread::Start(lock, pause_ms, on_done, context);
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
  if (wait_ != nullptr) wait_->Join();
  wait_ = nullptr;
}

}  // namespace zjj
