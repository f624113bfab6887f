// What waits have in common on every platform. The contract is in wait_thread.h.

#include "wait_thread.h"

namespace zjj {

namespace {

// A plain object without a destructor: process.exit() runs those of statics while our threads still wait.
std::atomic<int> waiting_threads{0};

}  // namespace

bool WaitThread::Reserve() {
  if (waiting_threads.fetch_add(1, std::memory_order_relaxed) < kMaxThreads) return true;
  Unreserve();
  return false;
}

void WaitThread::Unreserve() { waiting_threads.fetch_sub(1, std::memory_order_relaxed); }

bool WaitThread::CancelUntilOut() {
  double pause_ms = 1;
  for (;;) {
    if (!Cancel() && !IsOut()) return false;
    if (WaitUntilOut(pause_ms)) return true;
    if (pause_ms < 16) pause_ms *= 2;
  }
}

}  // namespace zjj
