// The platform services.

#include "platform/platform.h"

#include <thread>

#include "check.h"

namespace zjj::test {

namespace {

void SleepsLastAtLeastTheirTime() {
  double start_ms = MonotonicMs();
  SleepMs(0);
  SleepMs(0.01);
  SleepMs(1.5);
  CHECK(MonotonicMs() - start_ms >= 1.5);
  int64_t before = UnixMs();
  SleepMs(2);
  CHECK(UnixMs() >= before);
  KeepLoaded();
}

void TheSystemStartedOnceAndInThePast() {
  CHECK(BootUnixMs() > 0 && BootUnixMs() < UnixMs());
  // It does not move with the time. A thread may lose the processor between two clocks, so that one try may fail.
  bool is_fixed = false;
  for (int tries = 0; tries < 100 && !is_fixed; tries++) {
    int64_t boot = BootUnixMs();
    SleepMs(50);
    is_fixed = BootUnixMs() - boot < 40;
  }
  CHECK(is_fixed);
}

void EachThreadHasItsOwnValue() {
  int number = 0;
  CHECK(ThreadValue() == nullptr);
  SetThreadValue(&number);
  std::thread([] {
    CHECK(ThreadValue() == nullptr);
    int other = 0;
    SetThreadValue(&other);
    CHECK(ThreadValue() == &other);
  }).join();
  CHECK(ThreadValue() == &number);
  SetThreadValue(nullptr);
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("sleeps last at least their time", SleepsLastAtLeastTheirTime);
  Run("the system started once and in the past", TheSystemStartedOnceAndInThePast);
  Run("each thread has its own value", EachThreadHasItsOwnValue);
  Finish();
}
