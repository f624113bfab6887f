// File attributes on macOS, with copyfile(3). The contract is in file_attributes.h.

#include <copyfile.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "file/file_attributes.h"

namespace zjj {

int CopyAttributes(const char* from, int to) {
  int source = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (source < 0) return errno;
  int result = fcopyfile(source, to, nullptr, COPYFILE_ACL | COPYFILE_XATTR) == 0 ? 0 : errno;
  close(source);
  return result;
}

}  // namespace zjj
