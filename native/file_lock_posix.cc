// FileLock on flock(2). The contract is in file_lock.h.

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file_lock.h"

namespace zjj {

namespace {

// O_NONBLOCK and O_NOCTTY: what stood at the path may have become a FIFO or a terminal since it was looked at.
constexpr int kOpenFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

FileIdentity IdentityOf(const struct stat& st) {
  return {static_cast<uint64_t>(st.st_dev), static_cast<uint64_t>(st.st_ino)};
}

int OperationOf(LockMode mode) { return mode == LockMode::kShared ? LOCK_SH : LOCK_EX; }

int64_t UnixMs() {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

}  // namespace

FileLock::FileLock(const char* path, LockMode mode, uint32_t file_mode, const char* record)
    : file_(-1), file_mode_(file_mode), mode_(mode) {
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

LockStatus FileLock::Open() {
  if (path_ == nullptr) {
    errno = ENOMEM;
    return Fail("malloc");
  }
  for (;;) {
    struct stat st;
    // Looked at before it is opened: opening a device can do something, opening a directory read-only would succeed.
    if (lstat(path_, &st) == 0) {
      if (!S_ISREG(st.st_mode)) return LockStatus::kInvalid;
      writable_ = true;
      int fd = open(path_, O_RDWR | kOpenFlags);
      if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM)) {
        writable_ = false;
        fd = open(path_, O_RDONLY | kOpenFlags);
      }
      if (fd < 0) {
        if (errno == ENOENT || errno == EINTR) continue;
        if (errno == ELOOP || errno == ENXIO) return LockStatus::kInvalid;
        return Fail("open");
      }
      file_ = fd;
      created_ = false;
    } else if (errno == ENOENT) {
      // O_EXCL, so that exactly one process knows that it made the file. Never O_CREAT without it: in a sticky
      // directory that refuses a file which another user owns (protected_regular).
      int fd = open(path_, O_RDWR | O_CREAT | O_EXCL | kOpenFlags, static_cast<mode_t>(file_mode_));
      if (fd < 0) {
        if (errno == EEXIST || errno == EINTR) continue;
        return Fail("open");
      }
      file_ = fd;
      created_ = true;
      writable_ = true;
    } else {
      return Fail("lstat");
    }
    if (fstat(static_cast<int>(file_), &st) != 0) return Fail("fstat");
    if (!S_ISREG(st.st_mode)) {
      Close();
      return LockStatus::kInvalid;
    }
    identity_ = IdentityOf(st);
    size_ = static_cast<uint64_t>(st.st_size);
    return LockStatus::kOk;
  }
}

LockStatus FileLock::Try(bool is_known) {
  for (;;) {
    if (flock(static_cast<int>(file_), OperationOf(mode_) | LOCK_NB) == 0) {
      if (IsCurrent()) return Granted(is_known);
      LockStatus status = Reopen();
      if (status != LockStatus::kOk) return status;
      is_known = false;
    } else if (errno == EWOULDBLOCK) {
      Close();
      return LockStatus::kBusy;
    } else if (errno != EINTR) {
      return Fail("flock");
    }
  }
}

LockStatus FileLock::Wait(const Cancellation& cancellation) {
  for (;;) {
    // A signal that comes between this look and flock() is lost: whoever cancels sends it until the wait is over.
    if (cancellation.requested.load(std::memory_order_acquire)) {
      Close();
      return LockStatus::kCancelled;
    }
    if (flock(static_cast<int>(file_), OperationOf(mode_)) == 0) {
      if (IsCurrent()) return Granted(false);
      LockStatus status = Reopen();
      if (status != LockStatus::kOk) return status;
    } else if (errno != EINTR) {
      return Fail("flock");
    }
  }
}

void FileLock::Release(bool clean) {
  if (file_ < 0) return;
  int fd = static_cast<int>(file_);
  if (held_) {
    if (mode_ == LockMode::kExclusive && writable_) {
      char buffer[kRecordSize];
      if (clean) {
        FormatCleanMark(buffer, UnixMs());
      } else {
        FormatBlank(buffer);
      }
      // May fail (a full disk): the record then names a holder that is gone, which readers of it must expect anyway.
      (void)!pwrite(fd, buffer, kRecordSize, 0);
    }
    // Before close: a child between fork and exec still shares the open file description, and would keep the lock.
    flock(fd, LOCK_UN);
    held_ = false;
  }
  Close();
}

LockStatus FileLock::Granted(bool is_known) {
  held_ = true;
  int fd = static_cast<int>(file_);
  char buffer[kRecordSize];
  if (is_known && mode_ == LockMode::kExclusive && writable_) {
    FormatRecord(buffer, record_, UnixMs());
    (void)!pwrite(fd, buffer, kRecordSize, 0);
    return LockStatus::kOk;
  }
  ssize_t size = pread(fd, buffer, kRecordSize, 0);
  bool read = size == static_cast<ssize_t>(kRecordSize);
  // Not a lock file but somebody's data or script, locked in place as with flock(1): nothing is written into it.
  if (size != 0 && !(read && (IsRecord(buffer) || IsBlank(buffer) || IsCleanMark(buffer)))) writable_ = false;
  found_ = created_ ? FoundState::kCreated : (read && IsCleanMark(buffer) ? FoundState::kClean : FoundState::kUnclean);
  if (!writable_) return LockStatus::kOk;
  if (mode_ == LockMode::kExclusive) {
    FormatRecord(buffer, record_, UnixMs());
    (void)!pwrite(fd, buffer, kRecordSize, 0);
  } else if (read && !IsBlank(buffer) && !IsCleanMark(buffer)) {
    // An exclusive holder died; its record must not be taken for that of a shared holder who blocks.
    FormatBlank(buffer);
    (void)!pwrite(fd, buffer, kRecordSize, 0);
  }
  return LockStatus::kOk;
}

LockStatus FileLock::Reopen() {
  Close();
  return Open();
}

bool FileLock::IsCurrent() const {
  struct stat st;
  return lstat(path_, &st) == 0 && IdentityOf(st) == identity_;
}

bool FileLock::GiveTo(uint32_t user, uint32_t group) {
  return fchown(static_cast<int>(file_), static_cast<uid_t>(user), static_cast<gid_t>(group)) == 0;
}

LockStatus FileLock::Fail(const char* call) {
  int number = errno;
  error_ = {number, call, static_cast<uint32_t>(number)};
  Close();
  bool is_flock = strcmp(call, "flock") == 0;
  bool unsupported =
      number == ENOSYS || number == EOPNOTSUPP || number == ENOTSUP || number == ENOLCK || number == EINVAL;
  return is_flock && unsupported ? LockStatus::kUnsupported : LockStatus::kFailed;
}

void FileLock::Close() {
  if (file_ >= 0) close(static_cast<int>(file_));
  file_ = -1;
}

}  // namespace zjj
