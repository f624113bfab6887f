// FileCommit with fsync(2) and rename(2). The contract is in file_commit.h.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file_commit.h"
#include "file/file_sync.h"

namespace zjj {

namespace {

// The modification time as node:fs computes it.
double ModifiedMs(const struct stat& st) {
#ifdef __APPLE__
  const struct timespec& time = st.st_mtimespec;
#else
  const struct timespec& time = st.st_mtim;
#endif
  return static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_nsec) / 1e6;
}

bool IsVersion(const struct stat& st, const FileVersion& version) {
  return NodeNumber(st.st_dev) == version.device && NodeNumber(st.st_ino) == version.file &&
         static_cast<double>(st.st_size) == version.size && ModifiedMs(st) == version.modified_ms;
}

}  // namespace

FileCommit::FileCommit(FileLock* lock, int temporary_fd, const char* temporary, const char* path, const char* directory,
                       const FileVersion& old)
    : lock_(lock), temporary_fd_(temporary_fd), temporary_(temporary), path_(path), directory_(directory), old_(old) {}

FileCommit::Outcome FileCommit::Run() {
  Outcome outcome = Replace();
  if (outcome != kDone) unlink(temporary_.get());
  // Without the clean mark, the next writer sweeps what this transaction may have left.
  lock_->Release(outcome == kDone);
  return outcome == kDone ? SyncDirectory() : outcome;
}

FileCommit::Outcome FileCommit::Replace() {
  if (!SyncFile(temporary_fd_)) {
    Fail("fsync");
    return kNotWritten;
  }
  struct stat st;
  if (lstat(path_.get(), &st) != 0) {
    if (errno == ENOENT || errno == ESTALE) return kLost;
    Fail("lstat");
    return kNotWritten;
  }
  // An editor that does not take the lock may have saved the file since.
  if (!IsVersion(st, old_)) return kLost;
  if (rename(temporary_.get(), path_.get()) == 0) return kDone;
  // Another writer swept our file: someone removed the lock file, so that writer holds the lock that we lost.
  // ESTALE: another machine has changed the directory (network file systems).
  if (errno == ENOENT || errno == ESTALE) return kLost;
  Fail("rename");
  return kNotWritten;
}

FileCommit::Outcome FileCommit::SyncDirectory() {
  int fd;
  do {
    fd = open(directory_.get(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  } while (fd == -1 && errno == EINTR);
  bool synced = fd != -1 ? SyncFile(fd) || Fail("fsync") : Fail("open");
  if (fd != -1) close(fd);
  return synced ? kDone : kNotDurable;
}

// Records errno. Always returns false.
bool FileCommit::Fail(const char* call) {
  error_ = {errno, call, static_cast<uint32_t>(errno)};
  return false;
}

}  // namespace zjj
