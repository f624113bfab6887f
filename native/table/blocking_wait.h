// How a synchronous call waits for a lock: on a wait thread, which can be timed out, or by polling if no thread is
// available.
#ifndef ZJJ_TABLE_BLOCKING_WAIT_H_
#define ZJJ_TABLE_BLOCKING_WAIT_H_

#include "lock/file_lock.h"
#include "table/parked_thread.h"

namespace zjj {

// Blocks the calling thread until it holds `*lock`, for which Open(options) returned kOk.
//
// Returns kCancelled if `timeout_ms` milliseconds passed first, or another status of FileLock if locking failed. A
// negative timeout never ends. A grant that beats the timeout counts as a grant.
//
// If the wait thread cannot be woken at the timeout, it keeps the lock object and `*lock` becomes null.
LockStatus WaitBlocking(FileLock** lock, const LockOptions& options, double timeout_ms, ParkedThread* threads);

}  // namespace zjj

#endif  // ZJJ_TABLE_BLOCKING_WAIT_H_
