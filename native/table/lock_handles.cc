// The contract is in lock_handles.h.

#include "table/lock_handles.h"

namespace zjj {

LockHandle* LockHandles::Add(LockTable* table, FileLock* lock) {
  LockHandle* handle = AddEmpty(table);
  handle->lock = lock;
  handle->identity = lock->identity();
  return handle;
}

LockHandle* LockHandles::Add(LockTable* table, Task* task) {
  LockHandle* handle = AddEmpty(table);
  handle->task = task;
  return handle;
}

LockHandle* LockHandles::Move(LockHandle* handle) {
  auto* moved = new LockHandle(*handle);
  moved->posted = false;
  handles_[static_cast<size_t>(handle->index)] = moved;
  handle->table = nullptr;
  handle->lock = nullptr;
  handle->task = nullptr;
  handle->wait = nullptr;
  return moved;
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

LockHandle* LockHandles::AddEmpty(LockTable* table) {
  auto* handle = new LockHandle;
  handle->table = table;
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

}  // namespace zjj
