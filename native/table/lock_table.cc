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

LockTable::~LockTable() {
  previous_in_thread_->next_in_thread_ = next_in_thread_;
  next_in_thread_->previous_in_thread_ = previous_in_thread_;
}

void LockTable::ShareThread(LockTable* other) {
  next_in_thread_ = other->next_in_thread_;
  previous_in_thread_ = other;
  next_in_thread_->previous_in_thread_ = this;
  other->next_in_thread_ = this;
}

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
  handle->wait = threads_.StartWait(lock, pause_ms, OnThreadDone, handle);
  if (handle->wait != nullptr) return {LockResult::kPending, handle->index};
  handles_.Remove(handle);
  delete lock;
  delete handle;
  return {LockResult::kMustPoll};
}

bool LockTable::CancelWait(int index) {
  LockHandle* handle = handles_.Find(index);
  if (handle == nullptr || handle->wait == nullptr || handle->task != nullptr) return false;
  if (handle->wait->Cancel() || handle->wait->IsDone() || !handle->wait->Abandon()) return true;
  handles_.Remove(handle);
  delete handle;
  return false;
}

LockResult LockTable::WaitSync(const LockRequest& request, double timeout_ms) {
  FileLock* lock = IdleOrNew(request.path);
  LockStatus status = lock->Open(request.options);
  if (status != LockStatus::kOk && status != LockStatus::kBusy) return FailureOf(status, lock);
  if (status == LockStatus::kOk && WouldDeadlockThread(lock->identity(), request.options.mode)) {
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

bool LockTable::WouldDeadlockThread(const FileIdentity& identity, LockMode mode) const {
  const LockTable* table = this;
  do {
    if (WouldDeadlock(table->handles_, identity, mode)) return true;
    table = table->next_in_thread_;
  } while (table != this);
  return false;
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

int LockTable::StartTask(Task* task) {
  LockHandle* handle = handles_.Add(this, task);
  handle->wait =
      threads_.StartWork([](void* context) { static_cast<LockHandle*>(context)->task->Run(); }, OnThreadDone, handle);
  if (handle->wait != nullptr) return handle->index;
  handles_.Remove(handle);
  delete handle;
  return kNoTask;
}

// Runs on the thread.
void LockTable::OnThreadDone(void* handle) {
  auto* done = static_cast<LockHandle*>(handle);
  done->posted = true;
  // A handle that was accepted may already be settled and deleted. Others delete a handle that was not.
  if (!done->table->on_wait_done_(done, done->table->context_)) done->posted = false;
}

LockHandle* LockTable::WaitUntilDone(int index, double timeout_ms) {
  LockHandle* handle = handles_.Find(index);
  if (handle == nullptr || handle->wait == nullptr || !handle->wait->WaitUntilDone(timeout_ms)) return nullptr;
  // OnThreadDone() may still run.
  handle->wait->WaitUntilReported();
  // Discard() deletes the posted handle.
  return handle->posted ? handles_.Move(handle) : handle;
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

TaskResult LockTable::SettleTask(LockHandle* handle) {
  TaskResult result = {handle->index, handle->task->outcome(), handle->task->error()};
  threads_.Park(handle->wait);
  handles_.Remove(handle);
  delete handle->task;
  delete handle;
  return result;
}

void LockTable::Discard(LockHandle* handle) {
  if (handle->wait != nullptr) handle->wait->Join();
  delete handle->lock;
  delete handle->task;
  delete handle;
}

void LockTable::Close() {
  // Cancel all waits before blocking on the first: sixty-four threads then end in the time that one takes.
  for (LockHandle* handle : handles_.all()) {
    if (handle != nullptr && handle->wait != nullptr && handle->task == nullptr) handle->wait->Cancel();
  }
  for (LockHandle* handle : handles_.all()) {
    if (handle == nullptr) continue;
    if (handle->wait != nullptr) {
      if (handle->task != nullptr) {
        handle->wait->WaitUntilDone(-1);
      } else if (!handle->wait->CancelUntilDone() && handle->wait->Abandon()) {
        delete handle;
        continue;
      }
      handle->wait->Join();
      handle->wait = nullptr;
    }
    delete handle->lock;
    delete handle->task;
    handle->lock = nullptr;
    handle->task = nullptr;
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
