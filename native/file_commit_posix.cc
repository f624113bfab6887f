// FileCommit with fsync(2) and rename(2). The contract is in file_commit.h.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_commit.h"

namespace zjj {

namespace {

// Failed only because the file system has no fsync for this kind of file, which is nobody's fault.
bool CannotSync(int number) {
  // Two of these are one number on Linux. NOLINTNEXTLINE(misc-redundant-expression)
  return number == EINVAL || number == ENOTSUP || number == EOPNOTSUPP;
}

int Sync(int fd) {
#ifdef F_FULLFSYNC
  // fsync(2) of macOS leaves the drive to keep what it got; not every file system has this.
  if (fcntl(fd, F_FULLFSYNC) == 0) return 0;
#endif
  int result;
  do {
    result = fsync(fd);
  } while (result != 0 && errno == EINTR);
  return result != 0 && CannotSync(errno) ? 0 : result;
}

// As node:fs has it.
double ModifiedMs(const struct stat& st) {
#ifdef __APPLE__
  const struct timespec& time = st.st_mtimespec;
#else
  const struct timespec& time = st.st_mtim;
#endif
  return static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_nsec) / 1e6;
}

bool IsVersion(const struct stat& st, const FileVersion& version) {
  return static_cast<double>(st.st_dev) == version.device && static_cast<double>(st.st_ino) == version.file &&
         static_cast<double>(st.st_size) == version.size && ModifiedMs(st) == version.modified_ms;
}

}  // namespace

FileCommit::FileCommit(FileLock* lock, int temporary_fd, const char* temporary, const char* path, const char* directory,
                       const FileVersion& old)
    : lock_(lock), temporary_fd_(temporary_fd), path_(nullptr), directory_(nullptr), old_(old) {
  size_t temporary_size = strlen(temporary) + 1;
  size_t path_size = strlen(path) + 1;
  size_t directory_size = strlen(directory) + 1;
  temporary_ = static_cast<char*>(malloc(temporary_size + path_size + directory_size));
  if (temporary_ == nullptr) return;
  path_ = temporary_ + temporary_size;
  directory_ = path_ + path_size;
  memcpy(temporary_, temporary, temporary_size);
  memcpy(path_, path, path_size);
  memcpy(directory_, directory, directory_size);
}

FileCommit::~FileCommit() {
  delete lock_;
  free(temporary_);
}

FileCommit::Outcome FileCommit::Run() {
  if (temporary_ == nullptr) {
    errno = ENOMEM;
    Fail("malloc");
    return kNotWritten;
  }
  Outcome outcome = Replace();
  if (outcome != kDone) unlink(temporary_);
  // Without the clean mark the next writer looks for what may be left.
  lock_->Release(outcome == kDone);
  return outcome == kDone ? SyncDirectory() : outcome;
}

FileCommit::Outcome FileCommit::Replace() {
  if (Sync(temporary_fd_) != 0) {
    Fail("fsync");
    return kNotWritten;
  }
  struct stat st;
  if (lstat(path_, &st) != 0) {
    if (errno == ENOENT) return kLost;
    Fail("lstat");
    return kNotWritten;
  }
  // An editor that knows no lock may have saved meanwhile.
  if (!IsVersion(st, old_)) return kLost;
  if (rename(temporary_, path_) == 0) return kDone;
  // Somebody swept our file: whoever did holds the lock that we lost, since somebody removed the lock file.
  if (errno == ENOENT) return kLost;
  Fail("rename");
  return kNotWritten;
}

FileCommit::Outcome FileCommit::SyncDirectory() {
  int fd = open(directory_, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool synced = fd != -1 ? Sync(fd) == 0 || Fail("fsync") : Fail("open");
  if (fd != -1) close(fd);
  return synced ? kDone : kNotDurable;
}

// Always false.
bool FileCommit::Fail(const char* call) {
  error_ = {errno, call, static_cast<uint32_t>(errno)};
  return false;
}

}  // namespace zjj
