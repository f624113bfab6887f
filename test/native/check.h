// Shared by the tests of native/ that need no Node.js. Each test is a program. It exits with 0, or prints the check
// that failed and aborts.
#ifndef ZJJ_TEST_CHECK_H_
#define ZJJ_TEST_CHECK_H_

#include <signal.h>
#include <sys/resource.h>

#include <cstdint>
#include <string>

#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) zjj::test::Fail(__FILE__, __LINE__, #condition); \
  } while (false)

namespace zjj::test {

[[noreturn]] void Fail(const char* file, int line, const char* condition);

// Call it first in main(). In a child process (Holder, Adder) it does the child's work and never returns.
void Start(int argc, char** argv);

// Runs a test. Checks that it leaves no descriptor, no wait thread and no child process behind.
void Run(const char* name, void (*test)());

// Call it last in main().
void Finish();

// Returns an unused path in this process's temporary directory.
std::string NewPath();

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);
bool Exists(const std::string& path);
int CountDescriptors();
int CountWaitThreads();
// Returns how many threads of this process are blocked in flock(2) on the file at `path`.
int CountBlocked(const std::string& path);
void WaitUntilBlocked(const std::string& path, int count);
// Returns the signals that the only wait thread blocks, as in /proc/PID/status: bit N-1 is signal N.
uint64_t SignalsBlockedInWaitThread();

// Returns a random number below `limit`. Thread-safe.
uint32_t Random(uint32_t limit);
// Busy-waits, because a sleep is far less precise.
void Spin(double us);

// Another process that takes a lock and holds it until Release() or Kill().
class Holder {
 public:
  enum Mode : char { kExclusive = 'x', kShared = 's' };

  // Returns once the lock is held.
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

// Another process that adds one to the number in the file at `counter`, `times` times, and holds the lock each time.
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

// Adds one to the number in the file. Call it with the lock held, or an addition can get lost.
void AddOne(const std::string& counter);

// Lets the system deliver no real-time signal to this user's processes until it is destroyed: their queue is full.
class FullSignalQueue {
 public:
  FullSignalQueue();
  ~FullSignalQueue();
  FullSignalQueue(const FullSignalQueue&) = delete;
  FullSignalQueue& operator=(const FullSignalQueue&) = delete;

 private:
  struct rlimit saved_;
};

// Returns the signal that the addon has taken.
int WakeSignalNumber();

// Replaces the handler of the wake signal until it is destroyed. In the meantime no wait can be started or cancelled.
class StolenSignal {
 public:
  // Requires that a wait has been started before.
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
