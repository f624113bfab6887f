// The parts of FileLock that are the same on every platform. The contract is in file_lock.h.

#include "lock/file_lock.h"

#include <cstring>

#include "platform/platform.h"

namespace zjj {

FileLock::FileLock(const char* path, const char* record_start) : path_(path), record_start_(record_start) {}

FileLock::~FileLock() { Release(false); }

LockStatus FileLock::Open(const LockOptions& options) {
  options_ = options;
  return file_ == -1 ? OpenFile() : LockStatus::kOk;
}

void FileLock::WriteHolder() {
  char buffer[kRecordSize + 1];
  int64_t size = HasLockName() ? ReadContent(buffer) : -1;
  bool is_whole = size == static_cast<int64_t>(kRecordSize);
  bool is_record = is_whole && IsRecord(buffer);
  bool is_clean = is_whole && IsCleanMark(buffer);
  is_lock_file_ = writable_ && (size == 0 || is_record || is_clean || (is_whole && IsBlank(buffer)));
  // After a loss of power, the disk may have the mark of an earlier release and the temporary file of a later holder.
  bool is_trusted = is_lock_file_ && is_clean && IsCleanMarkSince(buffer, BootUnixMs());
  found_state_ = created_ ? FoundState::kCreated : is_trusted ? FoundState::kClean : FoundState::kUnclean;
  if (!is_lock_file_) return;
  if (mode() == LockMode::kExclusive) {
    FormatRecord(record_, record_start_.get(), UnixMs());
    WriteContent(record_);
    has_record_ = true;
  } else if (is_record) {
    // The record of a dead exclusive holder. Left in place, it would seem to name a shared holder that blocks others.
    FormatBlank(buffer);
    WriteContent(buffer);
  }
}

void FileLock::Release(bool clean) {
  if (file_ == -1) return;
  if (held_) EraseHolderAndUnlock(clean);
  Close();
}

// Returns false if only closing the file can unlock it.
bool FileLock::EraseHolderAndUnlock(bool clean) {
  char buffer[kRecordSize + 1];
  // Anything but this record is someone's data by now.
  if (has_record_ && ReadContent(buffer) == static_cast<int64_t>(kRecordSize) &&
      memcmp(buffer, record_, kRecordSize) == 0) {
    if (clean) {
      FormatCleanMark(buffer, UnixMs());
    } else {
      FormatBlank(buffer);
    }
    WriteContent(buffer);
  }
  has_record_ = false;
  held_ = false;
  created_ = false;
  return UnlockFile();
}

bool FileLock::HasLockName() const {
  constexpr char kSuffix[] = ".lock";
  constexpr size_t kSuffixSize = sizeof(kSuffix) - 1;
  size_t size = strlen(path());
  return size >= kSuffixSize && memcmp(path() + size - kSuffixSize, kSuffix, kSuffixSize) == 0;
}

LockStatus FileLock::OpenFile() {
  for (int round = 0; round < kMostRounds; round++) {
    LockStatus status = OpenOnce();
    if (status != LockStatus::kUnstable) return status;
  }
  return LockStatus::kUnstable;
}

}  // namespace zjj
