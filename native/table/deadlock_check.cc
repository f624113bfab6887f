// The contract is in deadlock_check.h.

#include "table/deadlock_check.h"

namespace zjj {

bool WouldDeadlock(const LockHandles& handles, const FileIdentity& identity, LockMode mode) {
  for (const LockHandle* handle : handles.all()) {
    // A task ends by itself, and releases its lock on its thread.
    if (handle != nullptr && handle->lock != nullptr && handle->identity == identity &&
        (mode == LockMode::kExclusive || handle->lock->mode() == LockMode::kExclusive)) {
      return true;
    }
  }
  return false;
}

}  // namespace zjj
