// CheckWrite() with faccessat(2). The contract is in file_access.h.

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "file/file_access.h"

namespace zjj {

int CheckWrite(const char* path) {
  if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0) return 0;
  int number = errno;
  // Older sandboxes of containers answer EPERM to faccessat2(2), which they do not know. access(2) asks for the real
  // user, so it helps only if that is the effective one.
  bool is_same_user = geteuid() == getuid() && getegid() == getgid();
  if (number == EPERM && is_same_user) number = access(path, W_OK) == 0 ? 0 : errno;
  return number;
}

}  // namespace zjj
