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

LockResult Failure(LockStatus status, const SystemError& error) {
  LockResult result = {LockResult::kFailed};
  result.status = status;
  result.error = error;
  return result;
}

LockResult FailureOf(LockStatus status, FileLock* lock) {
  LockResult result = Failure(status, lock->error());
  delete lock;
  return result;
}

LockResult OutOfMemory() { return Failure(LockStatus::kFailed, {ENOMEM, "malloc", 0}); }

}  // namespace

bool LockTable::SetRecord(const char* record) {
  size_t size = strlen(record) + 1;
  if (size + kSinceSize > kRecordSize) return false;
  memcpy(record_, record, size);
  return true;
}

LockResult LockTable::Try(const LockRequest& request) {
  FileLock* lock = new (std::nothrow) FileLock(request.path, request.mode, request.file_mode, record_);
  if (lock == nullptr) return OutOfMemory();
  LockStatus status = lock->Open();
  if (status == LockStatus::kOk) status = lock->Try(!request.reads_state && IsKnown(*lock, request.path));
  if (status == LockStatus::kOk) {
    if (lock->has_record()) NoteKnown(*lock, request.path);
    return {LockResult::kHeld, Add(lock)->index};
  }
  if (status != LockStatus::kBusy) return FailureOf(status, lock);
  delete lock;
  return {LockResult::kBusy};
}

LockResult LockTable::StartWait(const LockRequest& request) {
  FileLock* lock = new (std::nothrow) FileLock(request.path, request.mode, request.file_mode, record_);
  if (lock == nullptr) return OutOfMemory();
  LockStatus status = lock->Open();
  if (status != LockStatus::kOk) return FailureOf(status, lock);
  Entry* entry = Add(lock);
  entry->wait = WaitThread::Start(
      lock,
      [](void* context) {
        Entry* out = static_cast<Entry*>(context);
        // Whoever settles the entry joins this thread first, so that it outlives this line.
        out->posted = out->table->on_out_(out, out->table->context_);
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
  FileLock* lock = new (std::nothrow) FileLock(request.path, request.mode, request.file_mode, record_);
  if (lock == nullptr) return OutOfMemory();
  LockStatus status = lock->Open();
  if (status != LockStatus::kOk) return FailureOf(status, lock);
  if (ConflictsWithOwn(lock->identity(), request.mode)) {
    delete lock;
    return {LockResult::kDeadlock};
  }
  WaitThread* wait = WaitThread::Start(lock, nullptr, nullptr);
  if (wait == nullptr) {
    delete lock;
    return PollSync(request, timeout_ms);
  }
  if (!wait->WaitUntilOut(timeout_ms) && !wait->CancelUntilOut() && wait->Abandon()) {
    return {LockResult::kTimedOut};
  }
  status = wait->status();
  wait->Join();
  // A grant that beat the timeout stays a grant.
  if (status == LockStatus::kOk) return {LockResult::kHeld, Add(lock)->index};
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

bool LockTable::Release(int index, bool clean) {
  if (Held(index) == nullptr) return false;
  Entry* entry = entries_[static_cast<size_t>(index)];
  entry->lock->Release(clean);
  Remove(entry);
  delete entry->lock;
  delete entry;
  return true;
}

FileLock* LockTable::Held(int index) const {
  if (index < 0 || static_cast<size_t>(index) >= entries_.size()) return nullptr;
  const Entry* entry = entries_[static_cast<size_t>(index)];
  return entry == nullptr || entry->wait != nullptr ? nullptr : entry->lock;
}

LockResult LockTable::Settle(Entry* entry) {
  LockStatus status = entry->wait->status();
  entry->wait->Join();
  entry->wait = nullptr;
  entry->posted = false;
  if (status == LockStatus::kOk) {
    entry->identity = entry->lock->identity();
    return {LockResult::kHeld, entry->index};
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
    if (!entry->posted) delete entry;  // else Discard() is to come
  }
  entries_.clear();
  free_.clear();
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

bool LockTable::IsKnown(const FileLock& lock, const char* path) const {
  return lock.size() == kRecordSize && lock.identity() == known_ && strcmp(path, known_path_) == 0;
}

void LockTable::NoteKnown(const FileLock& lock, const char* path) {
  known_ = lock.identity();
  if (strcmp(path, known_path_) == 0) return;
  size_t size = strlen(path) + 1;
  // A longer path is none that is looked for.
  if (size > sizeof(known_path_)) size = 0;
  memcpy(known_path_, size == 0 ? "" : path, size == 0 ? 1 : size);
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
