// FileLock on flock(2). The contract is in file_lock.h.

#include <errno.h>
#include <fcntl.h>
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

bool NamesFile(const char* path, const FileIdentity& identity, struct stat* st) {
  return lstat(path, st) == 0 && IdentityOf(*st) == identity;
}

int OperationOf(LockMode mode) { return mode == LockMode::kShared ? LOCK_SH : LOCK_EX; }

}  // namespace

int64_t UnixMs() {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

LockStatus FileLock::OpenFile() {
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
      int fd = open(path_, O_RDWR | O_CREAT | O_EXCL | kOpenFlags, static_cast<mode_t>(options_.file_mode));
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
    return LockStatus::kOk;
  }
}

LockStatus FileLock::Try() {
  for (;;) {
    if (flock(static_cast<int>(file_), OperationOf(mode()) | LOCK_NB) == 0) {
      if (AcceptGrant()) return LockStatus::kOk;
      LockStatus status = Reopen();
      if (status != LockStatus::kOk) return status;
    } else if (errno == EWOULDBLOCK) {
      Close();
      return LockStatus::kBusy;
    } else if (errno != EINTR) {
      return Fail("flock");
    }
  }
}

LockStatus FileLock::Wait(const Cancellation& cancellation) {
  waited_ = false;
  int operation = OperationOf(mode()) | LOCK_NB;
  for (;;) {
    // A signal that comes between this look and flock() is lost: whoever cancels sends it until the wait is over.
    if (cancellation.requested.load(std::memory_order_acquire)) {
      Close();
      return LockStatus::kCancelled;
    }
    if (flock(static_cast<int>(file_), operation) == 0) {
      if (AcceptGrant()) return LockStatus::kOk;
      LockStatus status = Reopen();
      if (status != LockStatus::kOk) return status;
    } else if (errno == EWOULDBLOCK) {
      waited_ = true;
      operation = OperationOf(mode());
    } else if (errno != EINTR) {
      return Fail("flock");
    }
  }
}

bool FileLock::AcceptGrant() {
  struct stat st;
  if (!NamesFile(path_, identity_, &st)) return false;
  // Somebody may have put something else into a file that was left open.
  if (st.st_size != static_cast<off_t>(kRecordSize)) recorded_ = false;
  held_ = true;
  return true;
}

bool FileLock::Unlock(bool clean) {
  // What was opened to be read only may be writable the next time, and what is not a lock file is nothing to keep open.
  if (held_ && writable_ && EndHold(clean)) return true;
  Release(clean);
  return false;
}

// Before close: a child between fork and exec still shares the open file description, and would keep the lock.
bool FileLock::UnlockFile() {
  int result;
  do {
    result = flock(static_cast<int>(file_), LOCK_UN);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

// These may fail (a full disk): the record then names a holder that is gone, which readers of it must expect anyway.
void FileLock::WriteRecord(const char* buffer) { (void)!pwrite(static_cast<int>(file_), buffer, kRecordSize, 0); }

int64_t FileLock::ReadRecord(char* buffer) { return pread(static_cast<int>(file_), buffer, kRecordSize, 0); }

bool FileLock::IsCurrent() const {
  struct stat st;
  return NamesFile(path_, identity_, &st);
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
      // Two of these are one number on Linux. NOLINTNEXTLINE(misc-redundant-expression)
      number == ENOSYS || number == EOPNOTSUPP || number == ENOTSUP || number == ENOLCK || number == EINVAL;
  return is_flock && unsupported ? LockStatus::kUnsupported : LockStatus::kFailed;
}

void FileLock::Close() {
  if (file_ != -1) close(static_cast<int>(file_));
  file_ = -1;
  recorded_ = false;
}

}  // namespace zjj
