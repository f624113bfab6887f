// Lets a test act between two system calls of native/, and makes system calls fail. The linker's --wrap leads the calls
// here (CMakeLists.txt), so only programs that link system_calls.cc can use it.
#ifndef ZJJ_TEST_SYSTEM_CALLS_H_
#define ZJJ_TEST_SYSTEM_CALLS_H_

#include <functional>

namespace zjj::test {

enum SystemCall { kOpen, kFlock, kLstat, kFstat, kListxattr, kSystemCalls };

// Runs `action` before the next call, once.
void Before(SystemCall call, std::function<void()> action);

// Makes the next `times` calls fail with `error`, without asking the kernel.
void FailNext(SystemCall call, int error, int times);

// Returns how often it was called since the last CountFrom(call).
int CallsOf(SystemCall call);
void CountFrom(SystemCall call);

}  // namespace zjj::test

#endif  // ZJJ_TEST_SYSTEM_CALLS_H_
