// The parts of FileLock that are the same on every platform. The contract is in file_lock.h.

#include "lock/file_lock.h"

#include "platform/platform.h"

namespace zjj {

FileLock::FileLock(const char* path, const char* record_start) : path_(path), record_start_(record_start) {}

FileLock::~FileLock() { Release(false); }

LockStatus FileLock::Open(const LockOptions& options) {
  options_ = options;
  return file_ == -1 ? OpenFile() : LockStatus::kOk;
}

void FileLock::WriteHolder() {
  char buffer[kRecordSize];
  if (!wrote_holder_ || options_.reads_state || mode() == LockMode::kShared) {
    int64_t size = ReadRecord(buffer);
    bool is_whole = size == static_cast<int64_t>(kRecordSize);
    // Someone's data or script, locked in place as with flock(1). Never write into it.
    if (size != 0 && !(is_whole && (IsRecord(buffer) || IsCleanMark(buffer) || IsBlank(buffer)))) writable_ = false;
    found_state_ = created_                            ? FoundState::kCreated
                   : (is_whole && IsCleanMark(buffer)) ? FoundState::kClean
                                                       : FoundState::kUnclean;
    if (mode() == LockMode::kShared && writable_ && is_whole && IsRecord(buffer)) {
      // The record of a dead exclusive holder. Left in place, it would seem to name a shared holder that blocks others.
      FormatBlank(buffer);
      WriteRecord(buffer);
    }
  }
  if (has_record()) {
    FormatRecord(buffer, record_start_.get(), UnixMs());
    WriteRecord(buffer);
    wrote_holder_ = true;
  }
}

void FileLock::Release(bool clean) {
  if (file_ == -1) return;
  if (held_) EraseHolderAndUnlock(clean);
  Close();
}

LockStatus FileLock::Reopen() {
  Close();
  return OpenFile();
}

// Returns false if only closing the file can unlock it.
bool FileLock::EraseHolderAndUnlock(bool clean) {
  // Without WriteHolder() nobody has looked at the content. It may be someone's data, so leave it alone.
  if (wrote_holder_ && has_record()) {
    char buffer[kRecordSize];
    if (clean) {
      FormatCleanMark(buffer, UnixMs());
    } else {
      FormatBlank(buffer);
    }
    WriteRecord(buffer);
  }
  held_ = false;
  created_ = false;
  return UnlockFile();
}

}  // namespace zjj
