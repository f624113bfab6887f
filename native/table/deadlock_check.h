// Whether blocking the thread could never end.
#ifndef ZJJ_TABLE_DEADLOCK_CHECK_H_
#define ZJJ_TABLE_DEADLOCK_CHECK_H_

#include "lock/file_lock.h"
#include "table/lock_handles.h"

namespace zjj {

// Returns true if the environment already holds, or waits for, a lock on the file that conflicts with `mode`. Only this
// thread could release that lock, and it would be blocked.
bool WouldDeadlock(const LockHandles& handles, const FileIdentity& identity, LockMode mode);

}  // namespace zjj

#endif  // ZJJ_TABLE_DEADLOCK_CHECK_H_
