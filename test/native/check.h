// What the tests of native/ that need no Node.js share. Each is a program that ends with 0, or says what is wrong and
// aborts.
#ifndef ZJJ_TEST_CHECK_H_
#define ZJJ_TEST_CHECK_H_

#include <signal.h>

#include <cstdint>
#include <string>

#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) zjj::test::Fail(__FILE__, __LINE__, #condition); \
  } while (false)

namespace zjj::test {

[[noreturn]] void Fail(const char* file, int line, const char* condition);

// The first call of main(): what this very program does as a child process, it does there and never comes back.
void Start(int argc, char** argv);

// Runs a test, and checks that it leaves no descriptor, no thread of a wait and no child behind.
void Run(const char* name, void (*test)());

// The last call of main().
void Finish();

// A path in this process's temporary directory that no test had before.
std::string NewPath();

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);
bool Exists(const std::string& path);
int CountDescriptors();
int CountWaitThreads();
// How many threads of this process are blocked in flock(2) on the file at `path`.
int CountBlocked(const std::string& path);
void WaitUntilBlocked(const std::string& path, int count);

// Not to be foreseen, below `limit`. Safe in every thread.
uint32_t Random(uint32_t limit);
// Spins for so long: a sleep is far coarser.
void Spin(double us);

// Another process that takes a lock, and keeps it until Release() or Kill().
class Holder {
 public:
  enum Mode : char { kExclusive = 'x', kShared = 's' };

  // Comes back once the lock is held.
  Holder(const std::string& path, Mode mode);
  ~Holder();
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void Release();
  void Kill();

 private:
  int pid_;
  int to_child_;
};

// Another process that adds one to the number in the file at `counter`, so many times and each time with the lock.
class Adder {
 public:
  Adder(const std::string& path, const std::string& counter, int times);
  ~Adder();
  Adder(const Adder&) = delete;
  Adder& operator=(const Adder&) = delete;

  void Join();

 private:
  int pid_;
};

// With the lock on it, or a number may be lost.
void AddOne(const std::string& counter);

// As long as it lives, the signal that wakes waits is somebody else's: none can be started or cancelled.
class StolenSignal {
 public:
  // Some wait must have been started before.
  StolenSignal();
  ~StolenSignal();
  StolenSignal(const StolenSignal&) = delete;
  StolenSignal& operator=(const StolenSignal&) = delete;

 private:
  int signal_number_;
  struct sigaction saved_;
};

}  // namespace zjj::test

#endif  // ZJJ_TEST_CHECK_H_
