// The contract is in lock_table.h.

#include "table/lock_table.h"

#include <cstring>

#include "table/blocking_wait.h"
#include "table/deadlock_check.h"

namespace zjj {

namespace {

// Room for the last member of the record, `since`.
constexpr size_t kSinceSize = 40;

// Deletes the lock.
LockResult FailureOf(LockStatus status, FileLock* lock) {
  LockResult result = {LockResult::kFailed};
  result.status = status;
  result.error = lock->error();
  delete lock;
  return result;
}

}  // namespace

bool LockTable::SetRecordStart(const char* record_start) {
  size_t size = strlen(record_start) + 1;
  if (size + kSinceSize > kRecordSize) return false;
  memcpy(record_start_, record_start, size);
  CloseIdle();  // it has the old record
  return true;
}

LockResult LockTable::Try(const LockRequest& request) {
  FileLock* lock = IdleOrNew(request.path);
  LockStatus status = lock->Open(request.options);
  if (status == LockStatus::kOk) status = lock->Try();
  if (status == LockStatus::kOk) {
    lock->WriteHolder();
    return {LockResult::kHeld, handles_.Add(this, lock)->index};
  }
  if (status != LockStatus::kBusy) return FailureOf(status, lock);
  delete lock;
  return {LockResult::kBusy};
}

LockResult LockTable::StartWait(const LockRequest& request, double pause_ms) {
  FileLock* lock = IdleOrNew(request.path);
  LockStatus status = lock->Open(request.options);
  // Busy: the wait opens the file later.
  if (status != LockStatus::kOk && status != LockStatus::kBusy) return FailureOf(status, lock);
  LockHandle* handle = handles_.Add(this, lock);
  handle->wait = threads_.StartWait(
      lock, pause_ms,
      [](void* context) {
        auto* done = static_cast<LockHandle*>(context);
        done->posted = true;
        // A handle that was accepted may already be settled and deleted. Close() deletes a handle that was not.
        if (!done->table->on_wait_done_(done, done->table->context_)) done->posted = false;
      },
      handle);
  if (handle->wait != nullptr) return {LockResult::kPending, handle->index};
  handles_.Remove(handle);
  delete lock;
  delete handle;
  return {LockResult::kMustPoll};
}

bool LockTable::CancelWait(int index) {
  LockHandle* handle = handles_.Find(index);
  if (handle == nullptr || handle->wait == nullptr) return false;
  if (handle->wait->Cancel() || handle->wait->IsDone() || !handle->wait->Abandon()) return true;
  handles_.Remove(handle);
  delete handle;
  return false;
}

LockResult LockTable::WaitSync(const LockRequest& request, double timeout_ms) {
  FileLock* lock = IdleOrNew(request.path);
  LockStatus status = lock->Open(request.options);
  if (status != LockStatus::kOk && status != LockStatus::kBusy) return FailureOf(status, lock);
  if (status == LockStatus::kOk && WouldDeadlock(handles_, lock->identity(), request.options.mode)) {
    delete lock;
    return {LockResult::kDeadlock};
  }
  status = WaitBlocking(&lock, request.options, timeout_ms, &threads_);
  if (status == LockStatus::kOk) {
    lock->WriteHolder();
    return {LockResult::kHeld, handles_.Add(this, lock)->index};
  }
  if (status != LockStatus::kCancelled) return FailureOf(status, lock);
  delete lock;
  return {LockResult::kTimedOut};
}

bool LockTable::Release(int index, bool clean, bool keep_open) {
  FileLock* lock = Take(index);
  if (lock == nullptr) return false;
  if (keep_open && lock->Unlock(clean)) {
    idle_.Keep(lock);
  } else {
    lock->Release(clean);
    delete lock;
  }
  return true;
}

void LockTable::CloseIdle() { idle_.Close(); }

FileLock* LockTable::FindHeld(int index) const {
  const LockHandle* handle = handles_.Find(index);
  return handle == nullptr || handle->wait != nullptr ? nullptr : handle->lock;
}

FileLock* LockTable::Take(int index) {
  FileLock* lock = FindHeld(index);
  if (lock == nullptr) return nullptr;
  LockHandle* handle = handles_.Find(index);
  handles_.Remove(handle);
  delete handle;
  return lock;
}

LockResult LockTable::Settle(LockHandle* handle) {
  LockStatus status = handle->wait->status();
  int index = handle->index;
  threads_.Park(handle->wait);
  handle->wait = nullptr;
  handle->posted = false;
  if (status == LockStatus::kOk) {
    handle->lock->WriteHolder();
    handle->identity = handle->lock->identity();
    LockResult result = {LockResult::kHeld, index};
    result.waited = handle->lock->waited();
    return result;
  }
  LockResult result = FailureOf(status, handle->lock);
  if (status == LockStatus::kCancelled) result.outcome = LockResult::kCancelled;
  result.index = index;
  handles_.Remove(handle);
  delete handle;
  return result;
}

void LockTable::Discard(LockHandle* handle) {
  if (handle->wait != nullptr) handle->wait->Join();
  delete handle->lock;
  delete handle;
}

void LockTable::Close() {
  // Cancel all waits before blocking on the first: sixty-four threads then end in the time that one takes.
  for (LockHandle* handle : handles_.all()) {
    if (handle != nullptr && handle->wait != nullptr) handle->wait->Cancel();
  }
  for (LockHandle* handle : handles_.all()) {
    if (handle == nullptr) continue;
    if (handle->wait != nullptr) {
      if (!handle->wait->CancelUntilDone() && handle->wait->Abandon()) {
        delete handle;
        continue;
      }
      handle->wait->Join();
      handle->wait = nullptr;
    }
    delete handle->lock;
    handle->lock = nullptr;
    handle->table = nullptr;
    if (!handle->posted) delete handle;  // otherwise Discard() follows
  }
  handles_.Clear();
  idle_.Close();
  threads_.Join();
}

FileLock* LockTable::IdleOrNew(const char* path) {
  FileLock* idle = idle_.TakeFor(path);
  return idle != nullptr ? idle : new FileLock(path, record_start_);
}

}  // namespace zjj
