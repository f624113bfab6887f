// The contract is in lock_handles.h.

#include "table/lock_handles.h"

namespace zjj {

LockHandle* LockHandles::Add(LockTable* table, FileLock* lock) {
  auto* handle = new LockHandle;
  handle->table = table;
  handle->lock = lock;
  handle->identity = lock->identity();
  if (free_indexes_.empty()) {
    handle->index = static_cast<int>(handles_.size());
    handles_.push_back(handle);
  } else {
    handle->index = free_indexes_.back();
    free_indexes_.pop_back();
    handles_[static_cast<size_t>(handle->index)] = handle;
  }
  return handle;
}

void LockHandles::Remove(LockHandle* handle) {
  handles_[static_cast<size_t>(handle->index)] = nullptr;
  free_indexes_.push_back(handle->index);
}

void LockHandles::Clear() {
  handles_.clear();
  free_indexes_.clear();
}

LockHandle* LockHandles::Find(int index) const {
  if (index < 0 || static_cast<size_t>(index) >= handles_.size()) return nullptr;
  return handles_[static_cast<size_t>(index)];
}

}  // namespace zjj
