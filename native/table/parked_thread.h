// The thread of the wait that was granted last, or of the last task, kept for the next wait or task
// (docs/decisions/parked-wait-thread.md).
#ifndef ZJJ_TABLE_PARKED_THREAD_H_
#define ZJJ_TABLE_PARKED_THREAD_H_

#include "wait/wait_thread.h"

namespace zjj {

class ParkedThread {
 public:
  // Starts a wait on the parked thread if it can still be restarted, otherwise on a new one. The arguments and the
  // result are those of WaitThread::Start().
  WaitThread* StartWait(FileLock* lock, double pause_ms, WaitThread::OnDone on_done, void* context);
  // The same for WaitThread::StartWork().
  WaitThread* StartWork(WaitThread::Work work, WaitThread::OnDone on_done, void* context);
  // Takes over a wait that is done. Parks its thread if the lock was granted, otherwise joins it: a failed wait leaves
  // no thread behind.
  void Park(WaitThread* wait);
  void Join();

 private:
  WaitThread* Take();

  WaitThread* wait_ = nullptr;
};

}  // namespace zjj

#endif  // ZJJ_TABLE_PARKED_THREAD_H_
