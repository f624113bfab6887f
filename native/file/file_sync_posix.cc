// The contract is in file_sync.h.

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "file/file_sync.h"

namespace zjj {

namespace {

#ifdef F_FULLFSYNC
// fsync(2) of macOS does not flush the drive's own cache.
int SyncOnce(int fd, bool full) { return full ? fcntl(fd, F_FULLFSYNC) : fsync(fd); }
#else
int SyncOnce(int fd, bool) { return fsync(fd); }
#endif

int Sync(int fd, bool full) {
  int result;
  do {
    result = SyncOnce(fd, full);
  } while (result != 0 && errno == EINTR);
  return result;
}

}  // namespace

bool SyncFile(int fd) {
#ifdef F_FULLFSYNC
  // Not every file system supports it.
  if (Sync(fd, true) == 0) return true;
#endif
  if (Sync(fd, false) == 0) return true;
  // Two of these are one number on Linux. NOLINTNEXTLINE(misc-redundant-expression)
  return errno == EINVAL || errno == ENOTSUP || errno == EOPNOTSUPP;
}

}  // namespace zjj
