// CopyAttributes(), while someone changes the attributes.

#include "file/file_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <string>

#include "check.h"
#include "system_calls.h"

namespace zjj::test {

namespace {

bool SetAttribute(const std::string& path, const std::string& name) {
  return setxattr(path.c_str(), name.c_str(), "v", 1, 0) == 0;
}

bool HasAttribute(const std::string& path, const std::string& name) {
  char value;
  return getxattr(path.c_str(), name.c_str(), &value, 1) == 1 && value == 'v';
}

int CopyBetween(const std::string& from, const std::string& to) {
  int fd = open(to.c_str(), O_RDWR | O_CLOEXEC);
  CHECK(fd >= 0);
  int result = CopyAttributes(from.c_str(), fd);
  close(fd);
  return result;
}

void AttributesThatAreAddedMeanwhileAreCopied() {
  std::string from = NewPath();
  std::string to = NewPath();
  WriteFile(from, "");
  WriteFile(to, "");
  if (!SetAttribute(from, "user.first")) {
    printf("  skipped: this file system has no attributes\n");
    return;
  }
  // After the size of the list was asked, and before the list: ERANGE.
  Before(kListxattr, [&from] { Before(kListxattr, [&from] { CHECK(SetAttribute(from, "user.a longer name")); }); });
  CHECK(CopyBetween(from, to) == 0);
  CHECK(HasAttribute(to, "user.first") && HasAttribute(to, "user.a longer name"));
}

void AListThatGrowsForEverIsAnError() {
  std::string from = NewPath();
  std::string to = NewPath();
  WriteFile(from, "");
  WriteFile(to, "");
  if (!SetAttribute(from, "user.first")) return;
  Before(kListxattr, [] { Before(kListxattr, [] { FailNext(kListxattr, ERANGE, 100000); }); });
  int result = CopyBetween(from, to);
  FailNext(kListxattr, 0, 0);
  CHECK(result == ERANGE);
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("attributes that are added meanwhile are copied", AttributesThatAreAddedMeanwhileAreCopied);
  Run("a list that grows for ever is an error", AListThatGrowsForEverIsAnError);
  Finish();
}
