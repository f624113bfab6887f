// FileLock on flock(2). The contract is in file_lock.h.

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock/file_lock.h"
#include "platform/platform.h"

namespace zjj {

namespace {

// O_NONBLOCK and O_NOCTTY: the path may name a FIFO or a terminal since lstat() looked at it. Without O_NONBLOCK,
// opening a FIFO hangs.
constexpr int kOpenFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

// How often to try a file that another process has leased.
constexpr double kLeasePauseMs = 20;

FileIdentity IdentityOf(const struct stat& st) {
  return {static_cast<uint64_t>(st.st_dev), static_cast<uint64_t>(st.st_ino)};
}

bool NamesFile(const char* path, const FileIdentity& identity, struct stat* st) {
  return lstat(path, st) == 0 && IdentityOf(*st) == identity;
}

// ESTALE: a network file system has just lost the file.
bool IsTransient(int error) { return error == EINTR || error == ESTALE; }

int OperationOf(LockMode mode) { return mode == LockMode::kShared ? LOCK_SH : LOCK_EX; }

}  // namespace

LockStatus FileLock::OpenOnce() {
  struct stat st;
  // lstat() first: opening a device can have side effects, and opening a directory read-only would succeed.
  if (lstat(path_.get(), &st) == 0) {
    if (!S_ISREG(st.st_mode)) return LockStatus::kInvalid;
    writable_ = true;
    int fd = open(path_.get(), O_RDWR | kOpenFlags);
    // ETXTBSY: the file is a running program.
    if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM || errno == ETXTBSY)) {
      writable_ = false;
      fd = open(path_.get(), O_RDONLY | kOpenFlags);
    }
    if (fd < 0) {
      // A network file system can list a file that it no longer has.
      if (errno == ENOENT || IsTransient(errno)) return Unstable("open", errno);
      if (errno == ELOOP || errno == ENXIO) return LockStatus::kInvalid;
      // A file server holds a lease. The kernel has just asked it to give the lease up.
      if (errno == EWOULDBLOCK) return LockStatus::kBusy;
      return Fail("open");
    }
    file_ = fd;
    created_ = false;
  } else if (errno == ENOENT) {
    // With O_EXCL exactly one process knows that it created the file. O_CREAT alone would fail for another user's
    // file in a sticky directory (protected_regular).
    int fd = open(path_.get(), O_RDWR | O_CREAT | O_EXCL | kOpenFlags, static_cast<mode_t>(options_.file_mode));
    if (fd < 0) return errno == EEXIST || IsTransient(errno) ? Unstable("open", errno) : Fail("open");
    file_ = fd;
    created_ = true;
    writable_ = true;
  } else {
    return IsTransient(errno) ? Unstable("lstat", errno) : Fail("lstat");
  }
  if (fstat(static_cast<int>(file_), &st) != 0) return IsTransient(errno) ? Unstable("fstat", errno) : Fail("fstat");
  if (!S_ISREG(st.st_mode)) {
    Close();
    return LockStatus::kInvalid;
  }
  identity_ = IdentityOf(st);
  return LockStatus::kOk;
}

LockStatus FileLock::Try() {
  for (int round = 0; round < kMostRounds; round++) {
    LockStatus opened = file_ == -1 ? OpenFile() : LockStatus::kOk;
    if (opened != LockStatus::kOk) return opened;
    if (flock(static_cast<int>(file_), OperationOf(mode()) | LOCK_NB) == 0) {
      if (AcceptGrant()) return LockStatus::kOk;
      Unstable("lstat", ESTALE);
    } else if (errno == EWOULDBLOCK) {
      Close();
      return LockStatus::kBusy;
    } else if (errno == EINTR) {
      Unstable("flock", EINTR);
    } else {
      return Fail("flock");
    }
  }
  return LockStatus::kUnstable;
}

LockStatus FileLock::Wait(const Cancellation& cancellation) {
  waited_ = false;
  int operation = LOCK_NB;
  int rounds = 0;
  for (;;) {
    // A signal that arrives between this check and flock() is lost, so the canceller sends it until the wait has ended.
    if (cancellation.requested.load(std::memory_order_acquire)) {
      Close();
      return LockStatus::kCancelled;
    }
    LockStatus opened = file_ == -1 ? OpenFile() : LockStatus::kOk;
    if (opened == LockStatus::kBusy) {
      waited_ = true;
      SleepMs(kLeasePauseMs);
    } else if (opened != LockStatus::kOk) {
      return opened;
    } else if (flock(static_cast<int>(file_), OperationOf(mode()) | operation) == 0) {
      if (AcceptGrant()) return LockStatus::kOk;
      LockStatus status = Unstable("lstat", ESTALE);
      if (++rounds == kMostRounds) return status;
      operation = LOCK_NB;
    } else if (errno == EWOULDBLOCK) {
      waited_ = true;
      operation = 0;
      // Every holder may remove the file when it is done.
      rounds = 0;
    } else if (errno != EINTR) {
      return Fail("flock");
    }
  }
}

bool FileLock::AcceptGrant() {
  struct stat st;
  held_ = NamesFile(path_.get(), identity_, &st);
  return held_;
}

bool FileLock::Unlock(bool clean) {
  // A file opened read-only may be writable next time. A file that is not a lock file must not stay open.
  if (held_ && is_lock_file_ && EraseHolderAndUnlock(clean)) return true;
  Release(clean);
  return false;
}

// Needed before close: a child between fork and exec still shares the open file description, and would keep the lock.
bool FileLock::UnlockFile() {
  int result = -1;
  errno = EINTR;
  for (int round = 0; result != 0 && errno == EINTR && round < kMostRounds; round++) {
    result = flock(static_cast<int>(file_), LOCK_UN);
  }
  return result == 0;
}

bool FileLock::IsCurrent() const {
  struct stat st;
  return NamesFile(path_.get(), identity_, &st);
}

bool FileLock::Chown(uint32_t user, uint32_t group) {
  return fchown(static_cast<int>(file_), static_cast<uid_t>(user), static_cast<gid_t>(group)) == 0;
}

bool FileLock::Chmod(uint32_t mode) { return fchmod(static_cast<int>(file_), static_cast<mode_t>(mode)) == 0; }

int64_t FileLock::ReadContent(char* buffer) const { return pread(static_cast<int>(file_), buffer, kRecordSize + 1, 0); }

// A write can fail, for example on a full disk. The file then names a holder that is gone, which readers must expect
// anyway.
void FileLock::WriteContent(const char* buffer) { (void)!pwrite(static_cast<int>(file_), buffer, kRecordSize, 0); }

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

LockStatus FileLock::Unstable(const char* call, int number) {
  error_ = {number, call, static_cast<uint32_t>(number)};
  Close();
  return LockStatus::kUnstable;
}

void FileLock::Close() {
  if (file_ != -1) close(static_cast<int>(file_));
  file_ = -1;
}

}  // namespace zjj
