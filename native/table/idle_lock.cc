// The contract is in idle_lock.h.

#include "table/idle_lock.h"

#include <cstring>

namespace zjj {

void IdleLock::Keep(FileLock* lock) {
  Close();
  lock_ = lock;
}

FileLock* IdleLock::TakeFor(const char* path) {
  if (lock_ == nullptr) return nullptr;
  if (strcmp(lock_->path(), path) != 0) {
    // It may use the last descriptor that the process is allowed.
    Close();
    return nullptr;
  }
  FileLock* lock = lock_;
  lock_ = nullptr;
  return lock;
}

void IdleLock::Close() {
  delete lock_;
  lock_ = nullptr;
}

}  // namespace zjj
