// What FileLock does alike on every platform: the record, and the order of a release. The contract is in file_lock.h.

#include "file_lock.h"

#include <cstdlib>
#include <cstring>

namespace zjj {

FileLock::FileLock(const char* path, const char* record) : record_(nullptr), file_(-1) {
  size_t path_size = strlen(path) + 1;
  size_t record_size = strlen(record) + 1;
  path_ = static_cast<char*>(malloc(path_size + record_size));
  if (path_ == nullptr) return;
  record_ = path_ + path_size;
  memcpy(path_, path, path_size);
  memcpy(record_, record, record_size);
}

FileLock::~FileLock() {
  Release(false);
  free(path_);
}

LockStatus FileLock::Open(const LockOptions& options) {
  options_ = options;
  return file_ == -1 ? OpenFile() : LockStatus::kOk;
}

void FileLock::Release(bool clean) {
  if (file_ == -1) return;
  if (held_) EndHold(clean);
  Close();
}

void FileLock::Record() {
  char buffer[kRecordSize];
  if (!recorded_ || options_.reads_state || mode() == LockMode::kShared) {
    int64_t size = ReadRecord(buffer);
    bool read = size == static_cast<int64_t>(kRecordSize);
    // Not a lock file but somebody's data or script, locked in place as with flock(1): nothing is written into it.
    if (size != 0 && !(read && (IsRecord(buffer) || IsBlank(buffer) || IsCleanMark(buffer)))) writable_ = false;
    found_ =
        created_ ? FoundState::kCreated : (read && IsCleanMark(buffer) ? FoundState::kClean : FoundState::kUnclean);
    if (mode() == LockMode::kShared && writable_ && read && IsRecord(buffer)) {
      // An exclusive holder died; its record must not be taken for that of a shared holder who blocks.
      FormatBlank(buffer);
      WriteRecord(buffer);
    }
  }
  if (has_record()) {
    FormatRecord(buffer, record_, UnixMs());
    WriteRecord(buffer);
    recorded_ = true;
  }
}

LockStatus FileLock::Reopen() {
  Close();
  return OpenFile();
}

// False when only closing the file can unlock it.
bool FileLock::EndHold(bool clean) {
  // A lock that is given back before Record() looked at the file leaves it as it was: it may be somebody's data.
  if (recorded_ && has_record()) {
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
