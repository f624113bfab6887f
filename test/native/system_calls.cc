#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <utility>

namespace zjj::test {

namespace {

struct Plan {
  std::function<void()> before;
  int error = 0;
  int failures = 0;
  int calls = 0;
};

Plan plans[kSystemCalls];

// Returns false with errno set if the call must fail.
bool Enter(SystemCall call) {
  Plan& plan = plans[call];
  plan.calls++;
  std::function<void()> before = std::exchange(plan.before, nullptr);
  if (before) before();
  if (plan.failures == 0) return true;
  plan.failures--;
  errno = plan.error;
  return false;
}

}  // namespace

void Before(SystemCall call, std::function<void()> action) { plans[call].before = std::move(action); }

void FailNext(SystemCall call, int error, int times) {
  plans[call].error = error;
  plans[call].failures = times;
}

int CallsOf(SystemCall call) { return plans[call].calls; }

void CountFrom(SystemCall call) { plans[call].calls = 0; }

}  // namespace zjj::test

// The names that --wrap expects. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
extern "C" {

using zjj::test::Enter;

int __real_open64(const char* path, int flags, ...);
int __real_flock(int fd, int operation);
int __real_lstat64(const char* path, struct stat* st);
int __real_fstat64(int fd, struct stat* st);
ssize_t __real_listxattr(const char* path, char* list, size_t size);

int __wrap_open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return Enter(zjj::test::kOpen) ? __real_open64(path, flags, mode) : -1;
}

int __wrap_flock(int fd, int operation) { return Enter(zjj::test::kFlock) ? __real_flock(fd, operation) : -1; }

int __wrap_lstat64(const char* path, struct stat* st) {
  return Enter(zjj::test::kLstat) ? __real_lstat64(path, st) : -1;
}

int __wrap_fstat64(int fd, struct stat* st) { return Enter(zjj::test::kFstat) ? __real_fstat64(fd, st) : -1; }

ssize_t __wrap_listxattr(const char* path, char* list, size_t size) {
  return Enter(zjj::test::kListxattr) ? __real_listxattr(path, list, size) : -1;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
