// The platform services.

#include "platform/platform.h"

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

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("sleeps last at least their time", SleepsLastAtLeastTheirTime);
  Finish();
}
