// File attributes on Linux. The contract is in file_attributes.h.

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include <memory>

#include "file/file_attributes.h"

namespace zjj {

namespace {

constexpr char kAccessList[] = "system.posix_acl_access";
constexpr char kUserPrefix[] = "user.";

// The kernel's limits (XATTR_SIZE_MAX, XATTR_LIST_MAX). Too large for a stack.
constexpr size_t kLargestValue = 65536;
constexpr size_t kLongestList = 65536;

// Returns false with errno set on failure.
bool CopyAttribute(const char* from, int to, const char* name, char* value) {
  ssize_t size = getxattr(from, name, value, kLargestValue);
  if (size < 0) return errno == ENODATA;  // removed since it was listed
  return fsetxattr(to, name, value, static_cast<size_t>(size), 0) == 0;
}

}  // namespace

int CopyAttributes(const char* from, int to) {
  // The new file may have inherited a list from its directory's default list. It does not belong to the old file.
  if (fremovexattr(to, kAccessList) != 0 && errno != ENODATA && errno != ENOTSUP) return kListLost;
  ssize_t names_size = listxattr(from, nullptr, 0);
  // The usual case: the file has none, or the file system does not support them.
  if (names_size == 0 || (names_size < 0 && errno == ENOTSUP)) return 0;
  if (names_size < 0) return errno;
  std::unique_ptr<char[]> names(new char[static_cast<size_t>(names_size)]);
  names_size = listxattr(from, names.get(), static_cast<size_t>(names_size));
  if (names_size < 0 && errno == ERANGE) {
    // Someone has just added one.
    names.reset(new char[kLongestList]);
    names_size = listxattr(from, names.get(), kLongestList);
  }
  if (names_size < 0) return errno;
  std::unique_ptr<char[]> value(new char[kLargestValue]);
  int result = 0;
  for (ssize_t at = 0; result <= 0 && at < names_size; at += static_cast<ssize_t>(strlen(&names[at])) + 1) {
    const char* name = &names[at];
    if (strcmp(name, kAccessList) == 0) {
      if (!CopyAttribute(from, to, name, value.get())) result = kListLost;
    } else if (strncmp(name, kUserPrefix, sizeof(kUserPrefix) - 1) == 0) {
      if (!CopyAttribute(from, to, name, value.get())) result = errno;
    }
  }
  return result;
}

}  // namespace zjj
