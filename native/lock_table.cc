// The contract is in lock_table.h.

#include "lock_table.h"

#include <cerrno>
#include <cstring>
#include <new>

namespace zjj {

namespace {

// How often a lock is tried when no thread can wait for it.
constexpr double kPollMs = 20;

// Room for the last member of the record, the time.
constexpr size_t kSinceSize = 40;

// A lock of null is one for which there was no memory.
LockResult FailureOf(LockStatus status, FileLock* lock) {
  LockResult result = {LockResult::kFailed};
  result.status = status;
  result.error = lock == nullptr ? SystemError{ENOMEM, "malloc", 0} : lock->error();
  delete lock;
  return result;
}

}  // namespace

bool LockTable::SetRecord(const char* record) {
  size_t size = strlen(record) + 1;
  if (size + kSinceSize > kRecordSize) return false;
  memcpy(record_, record, size);
  CloseIdle();  // it has the old one
  return true;
}

LockResult LockTable::Try(const LockRequest& request) {
  FileLock* lock = TakeIdle(request.path);
  LockStatus status = Open(request, &lock);
  if (status == LockStatus::kOk) status = lock->Try();
  if (status == LockStatus::kOk) {
    lock->Record();
    return {LockResult::kHeld, Add(lock)->index};
  }
  if (status != LockStatus::kBusy) return FailureOf(status, lock);
  delete lock;
  return {LockResult::kBusy};
}

LockResult LockTable::StartWait(const LockRequest& request, double pause_ms) {
  FileLock* lock = TakeIdle(request.path);
  LockStatus status = Open(request, &lock);
  if (status != LockStatus::kOk) return FailureOf(status, lock);
  Entry* entry = Add(lock);
  entry->wait = StartThread(
      lock, pause_ms,
      [](void* context) {
        Entry* out = static_cast<Entry*>(context);
        out->posted = true;
        // Once it is posted the entry is another's. One that cannot be is left to Close().
        if (!out->table->on_out_(out, out->table->context_)) out->posted = false;
      },
      entry);
  if (entry->wait != nullptr) return {LockResult::kHeld, entry->index};
  Remove(entry);
  delete lock;
  delete entry;
  return {LockResult::kMustPoll};
}

bool LockTable::CancelWait(int index) {
  if (index < 0 || static_cast<size_t>(index) >= entries_.size()) return false;
  Entry* entry = entries_[static_cast<size_t>(index)];
  if (entry == nullptr || entry->wait == nullptr) return false;
  if (entry->wait->Cancel() || entry->wait->IsOut() || !entry->wait->Abandon()) return true;
  Remove(entry);
  delete entry;
  return false;
}

LockResult LockTable::WaitSync(const LockRequest& request, double timeout_ms) {
  FileLock* lock = TakeIdle(request.path);
  LockStatus status = Open(request, &lock);
  if (status != LockStatus::kOk) return FailureOf(status, lock);
  if (ConflictsWithOwn(lock->identity(), request.options.mode)) {
    delete lock;
    return {LockResult::kDeadlock};
  }
  WaitThread* wait = StartThread(lock, 0, nullptr, nullptr);
  if (wait == nullptr) {
    delete lock;
    return PollSync(request, timeout_ms);
  }
  if (!wait->WaitUntilOut(timeout_ms) && !wait->CancelUntilOut() && wait->Abandon()) {
    return {LockResult::kTimedOut};
  }
  status = wait->status();
  Park(wait);
  // A grant that beat the timeout stays a grant.
  if (status == LockStatus::kOk) {
    lock->Record();
    return {LockResult::kHeld, Add(lock)->index};
  }
  if (status != LockStatus::kCancelled) return FailureOf(status, lock);
  delete lock;
  return {LockResult::kTimedOut};
}

LockResult LockTable::PollSync(const LockRequest& request, double timeout_ms) {
  double deadline_ms = MonotonicMs() + timeout_ms;
  for (;;) {
    LockResult result = Try(request);
    if (result.outcome != LockResult::kBusy) return result;
    double left_ms = timeout_ms < 0 ? kPollMs : deadline_ms - MonotonicMs();
    if (left_ms <= 0) return {LockResult::kTimedOut};
    SleepMs(left_ms < kPollMs ? left_ms : kPollMs);
  }
}

bool LockTable::Release(int index, bool clean, bool keeps_open) {
  FileLock* lock = Take(index);
  if (lock == nullptr) return false;
  if (keeps_open && lock->Unlock(clean)) {
    CloseIdle();
    idle_ = lock;
  } else {
    lock->Release(clean);
    delete lock;
  }
  return true;
}

void LockTable::CloseIdle() {
  delete idle_;
  idle_ = nullptr;
}

FileLock* LockTable::Held(int index) const {
  if (index < 0 || static_cast<size_t>(index) >= entries_.size()) return nullptr;
  const Entry* entry = entries_[static_cast<size_t>(index)];
  return entry == nullptr || entry->wait != nullptr ? nullptr : entry->lock;
}

FileLock* LockTable::Take(int index) {
  FileLock* lock = Held(index);
  if (lock == nullptr) return nullptr;
  Entry* entry = entries_[static_cast<size_t>(index)];
  Remove(entry);
  delete entry;
  return lock;
}

LockResult LockTable::Settle(Entry* entry) {
  LockStatus status = entry->wait->status();
  Park(entry->wait);
  entry->wait = nullptr;
  entry->posted = false;
  if (status == LockStatus::kOk) {
    entry->lock->Record();
    entry->identity = entry->lock->identity();
    LockResult result = {LockResult::kHeld, entry->index};
    result.waited = entry->lock->waited();
    return result;
  }
  LockResult result = FailureOf(status, entry->lock);
  result.index = entry->index;
  Remove(entry);
  delete entry;
  return result;
}

void LockTable::Discard(Entry* entry) {
  if (entry->wait != nullptr) entry->wait->Join();
  delete entry->lock;
  delete entry;
}

void LockTable::Close() {
  // All are asked before any is waited for: sixty-four threads end in the time of one.
  for (Entry* entry : entries_) {
    if (entry != nullptr && entry->wait != nullptr) entry->wait->Cancel();
  }
  for (Entry* entry : entries_) {
    if (entry == nullptr) continue;
    if (entry->wait != nullptr) {
      if (!entry->wait->CancelUntilOut() && entry->wait->Abandon()) {
        delete entry;
        continue;
      }
      entry->wait->Join();
      entry->wait = nullptr;
    }
    delete entry->lock;
    entry->lock = nullptr;
    entry->table = nullptr;
    if (!entry->posted) delete entry;  // else Discard() is to come
  }
  entries_.clear();
  free_.clear();
  CloseIdle();
  if (parked_ != nullptr) parked_->Join();
  parked_ = nullptr;
}

LockTable::Entry* LockTable::Add(FileLock* lock) {
  Entry* entry = new Entry;
  entry->table = this;
  entry->lock = lock;
  entry->identity = lock->identity();
  if (free_.empty()) {
    entry->index = static_cast<int>(entries_.size());
    entries_.push_back(entry);
  } else {
    entry->index = free_.back();
    free_.pop_back();
    entries_[static_cast<size_t>(entry->index)] = entry;
  }
  return entry;
}

void LockTable::Remove(Entry* entry) {
  entries_[static_cast<size_t>(entry->index)] = nullptr;
  free_.push_back(entry->index);
}

WaitThread* LockTable::StartThread(FileLock* lock, double pause_ms, WaitThread::OnOut on_out, void* context) {
  if (parked_ != nullptr) {
    WaitThread* wait = parked_;
    parked_ = nullptr;
    if (wait->Restart(lock, pause_ms, on_out, context)) return wait;
    wait->Join();
  }
  return WaitThread::Start(lock, pause_ms, on_out, context);
}

// Nothing is to be left of a wait that failed.
void LockTable::Park(WaitThread* wait) {
  if (wait->status() != LockStatus::kOk) {
    wait->Join();
    return;
  }
  if (parked_ != nullptr) parked_->Join();
  parked_ = wait;
}

FileLock* LockTable::TakeIdle(const char* path) {
  if (idle_ == nullptr) return nullptr;
  if (strcmp(idle_->path(), path) != 0) {
    // It may have the last descriptor that the process can have.
    CloseIdle();
    return nullptr;
  }
  FileLock* lock = idle_;
  idle_ = nullptr;
  return lock;
}

// `*lock` may hold one to use, else it is made.
LockStatus LockTable::Open(const LockRequest& request, FileLock** lock) const {
  if (*lock == nullptr) *lock = new (std::nothrow) FileLock(request.path, record_);
  return *lock == nullptr ? LockStatus::kFailed : (*lock)->Open(request.options);
}

bool LockTable::ConflictsWithOwn(const FileIdentity& identity, LockMode mode) const {
  for (const Entry* entry : entries_) {
    if (entry != nullptr && entry->identity == identity &&
        (mode == LockMode::kExclusive || entry->lock->mode() == LockMode::kExclusive)) {
      return true;
    }
  }
  return false;
}

}  // namespace zjj
