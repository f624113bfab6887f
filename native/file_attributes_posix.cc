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

// False with errno.
bool Copy(const char* from, int to, const char* name, char* value) {
  ssize_t size = getxattr(from, name, value, kLargestValue);
  if (size < 0) return errno == ENODATA;  // somebody took it off meanwhile
  return fsetxattr(to, name, value, static_cast<size_t>(size), 0) == 0;
}

}  // namespace

int CopyAttributes(const char* from, int to) {
  // What the new file inherited from its directory's default list is not the old one's.
  if (fremovexattr(to, kAccessList) != 0 && errno != ENODATA && errno != ENOTSUP) return kListLost;
  ssize_t names_size = listxattr(from, nullptr, 0);
  // The ordinary case: it has none, or this file system knows none.
  if (names_size == 0 || (names_size < 0 && errno == ENOTSUP)) return 0;
  if (names_size < 0) return errno;
  char* names = static_cast<char*>(malloc(static_cast<size_t>(names_size)));
  char* value = static_cast<char*>(malloc(kLargestValue));
  int result = names == nullptr || value == nullptr ? ENOMEM : 0;
  if (result == 0) {
    names_size = listxattr(from, names, static_cast<size_t>(names_size));
    if (names_size < 0) result = errno;
  }
  for (ssize_t at = 0; result <= 0 && at < names_size; at += static_cast<ssize_t>(strlen(names + at)) + 1) {
    const char* name = names + at;
    if (strcmp(name, kAccessList) == 0) {
      if (!Copy(from, to, name, value)) result = kListLost;
    } else if (strncmp(name, kUserPrefix, sizeof(kUserPrefix) - 1) == 0) {
      if (!Copy(from, to, name, value)) result = errno;
    }
  }
  free(value);
  free(names);
  return result;
}

}  // namespace zjj

#elif defined(__APPLE__)

#include <copyfile.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace zjj {

int CopyAttributes(const char* from, int to) {
  int source = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (source < 0) return errno;
  int result = fcopyfile(source, to, nullptr, COPYFILE_ACL | COPYFILE_XATTR) == 0 ? 0 : errno;
  close(source);
  return result;
}

}  // namespace zjj

#else

namespace zjj {

// Neither Linux's nor macOS's calls: what the file carries beyond its mode is not known to be copied.
int CopyAttributes(const char*, int) { return kListLost; }

}  // namespace zjj

#endif
