// FileLock on flock(2). The contract is in file_lock.h.

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock/file_lock.h"

namespace zjj {

namespace {

// O_NONBLOCK and O_NOCTTY: the path may name a FIFO or a terminal since lstat() looked at it. Without O_NONBLOCK,
// opening a FIFO hangs.
constexpr int kOpenFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

FileIdentity IdentityOf(const struct stat& st) {
  return {static_cast<uint64_t>(st.st_dev), static_cast<uint64_t>(st.st_ino)};
}

bool NamesFile(const char* path, const FileIdentity& identity, struct stat* st) {
  return lstat(path, st) == 0 && IdentityOf(*st) == identity;
}

int OperationOf(LockMode mode) { return mode == LockMode::kShared ? LOCK_SH : LOCK_EX; }

}  // namespace

LockStatus FileLock::OpenFile() {
  for (;;) {
    struct stat st;
    // lstat() first: opening a device can have side effects, and opening a directory read-only would succeed.
    if (lstat(path_.get(), &st) == 0) {
      if (!S_ISREG(st.st_mode)) return LockStatus::kInvalid;
      writable_ = true;
      int fd = open(path_.get(), O_RDWR | kOpenFlags);
      if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM)) {
        writable_ = false;
        fd = open(path_.get(), O_RDONLY | kOpenFlags);
      }
      if (fd < 0) {
        if (errno == ENOENT || errno == EINTR) continue;
        if (errno == ELOOP || errno == ENXIO) return LockStatus::kInvalid;
        return Fail("open");
      }
      file_ = fd;
      created_ = false;
    } else if (errno == ENOENT) {
      // With O_EXCL exactly one process knows that it created the file. O_CREAT alone would fail for another user's
      // file in a sticky directory (protected_regular).
      int fd = open(path_.get(), O_RDWR | O_CREAT | O_EXCL | kOpenFlags, static_cast<mode_t>(options_.file_mode));
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
    // A signal that arrives between this check and flock() is lost, so the canceller sends it until the wait has ended.
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
  if (!NamesFile(path_.get(), identity_, &st)) return false;
  // If the file was left open, someone may have overwritten it since.
  if (st.st_size != static_cast<off_t>(kRecordSize)) wrote_holder_ = false;
  held_ = true;
  return true;
}

bool FileLock::Unlock(bool clean) {
  // A file opened read-only may be writable next time. A file that is not a lock file must not stay open.
  if (held_ && writable_ && EraseHolderAndUnlock(clean)) return true;
  Release(clean);
  return false;
}

// Needed before close: a child between fork and exec still shares the open file description, and would keep the lock.
bool FileLock::UnlockFile() {
  int result;
  do {
    result = flock(static_cast<int>(file_), LOCK_UN);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

bool FileLock::IsCurrent() const {
  struct stat st;
  return NamesFile(path_.get(), identity_, &st);
}

bool FileLock::IsOurs() const {
  struct stat st;
  return (created_ || wrote_holder_) && fstat(static_cast<int>(file_), &st) == 0 && st.st_nlink <= 1;
}

bool FileLock::Chown(uint32_t user, uint32_t group) {
  return IsOurs() && fchown(static_cast<int>(file_), static_cast<uid_t>(user), static_cast<gid_t>(group)) == 0;
}

bool FileLock::Chmod(uint32_t mode) {
  return IsOurs() && fchmod(static_cast<int>(file_), static_cast<mode_t>(mode)) == 0;
}

int64_t FileLock::ReadRecord(char* buffer) { return pread(static_cast<int>(file_), buffer, kRecordSize, 0); }

// A write can fail, for example on a full disk. The file then names a holder that is gone, which readers must expect
// anyway.
void FileLock::WriteRecord(const char* buffer) { (void)!pwrite(static_cast<int>(file_), buffer, kRecordSize, 0); }

LockStatus FileLock::Fail(const char* call) {
  int number = errno;
  error_ = {number, call, static_cast<uint32_t>(number)};
  Close();
  bool is_flock = strcmp(call, "flock") == 0;
  bool unsupported =
      // Two of these are the same number on Linux. NOLINTNEXTLINE(misc-redundant-expression)
      number == ENOSYS || number == EOPNOTSUPP || number == ENOTSUP || number == ENOLCK || number == EINVAL;
  return is_flock && unsupported ? LockStatus::kUnsupported : LockStatus::kFailed;
}

void FileLock::Close() {
  if (file_ != -1) close(static_cast<int>(file_));
  file_ = -1;
  wrote_holder_ = false;
}

}  // namespace zjj
