// File attributes on POSIX systems. The contract is in file_attributes.h.

#include "file_attributes.h"

#if defined(__linux__)

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

namespace zjj {

namespace {

constexpr char kAccessList[] = "system.posix_acl_access";
constexpr char kUserPrefix[] = "user.";

// What the kernel allows (XATTR_SIZE_MAX); never on a stack.
constexpr size_t kLargestValue = 65536;

// The value at `name`, or -1 with errno.
ssize_t Copy(const char* from, int to, const char* name, char* value) {
  ssize_t size = getxattr(from, name, value, kLargestValue);
  if (size < 0) return size;
  return fsetxattr(to, name, value, static_cast<size_t>(size), 0) == 0 ? size : -2;
}

}  // namespace

bool CopyAttributes(const char* from, int to) {
  // What the new file inherited from its directory's default list is not the old one's.
  if (fremovexattr(to, kAccessList) != 0 && errno != ENODATA && errno != ENOTSUP) return false;
  ssize_t names_size = listxattr(from, nullptr, 0);
  // 0: has none, the ordinary case. Below 0: this file system knows none.
  if (names_size <= 0) return true;
  char* names = static_cast<char*>(malloc(static_cast<size_t>(names_size)));
  char* value = static_cast<char*>(malloc(kLargestValue));
  bool copied = names != nullptr && value != nullptr;
  if (copied) names_size = listxattr(from, names, static_cast<size_t>(names_size));
  for (ssize_t at = 0; copied && at < names_size; at += static_cast<ssize_t>(strlen(names + at)) + 1) {
    const char* name = names + at;
    if (strcmp(name, kAccessList) == 0) {
      copied = Copy(from, to, name, value) >= 0;
    } else if (strncmp(name, kUserPrefix, sizeof(kUserPrefix) - 1) == 0) {
      Copy(from, to, name, value);
    }
  }
  if (names_size < 0) copied = false;
  free(value);
  free(names);
  return copied;
}

}  // namespace zjj

#elif defined(__APPLE__)

#include <copyfile.h>
#include <fcntl.h>
#include <unistd.h>

namespace zjj {

bool CopyAttributes(const char* from, int to) {
  int source = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (source < 0) return false;
  bool copied = fcopyfile(source, to, nullptr, COPYFILE_ACL | COPYFILE_XATTR) == 0;
  close(source);
  return copied;
}

}  // namespace zjj

#else

namespace zjj {

// Neither Linux's nor macOS's calls: what the file carries beyond its mode is not known to be copied.
bool CopyAttributes(const char*, int) { return false; }

}  // namespace zjj

#endif
