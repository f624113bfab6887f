// WaitThread: waits that are granted, cancelled, given up and started anew, and what happens at the same moment.

#include "wait_thread.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

namespace zjj::test {

namespace {

constexpr char kRecord[] = "{\"pid\":7,\"host\":\"here\",\"command\":\"test\",";

std::unique_ptr<FileLock> Opened(const std::string& path, LockMode mode = LockMode::kExclusive) {
  auto lock = std::make_unique<FileLock>(path.c_str(), kRecord);
  CHECK(lock->Open({mode}) == LockStatus::kOk);
  return lock;
}

std::unique_ptr<FileLock> Held(const std::string& path, LockMode mode = LockMode::kExclusive) {
  auto lock = Opened(path, mode);
  CHECK(lock->Try() == LockStatus::kOk);
  lock->Record();
  return lock;
}

bool IsFree(const std::string& path) { return Opened(path)->Try() == LockStatus::kOk; }

void AWaitIsGrantedByTheRelease() {
  for (LockMode mode : {LockMode::kExclusive, LockMode::kShared}) {
    std::string path = NewPath();
    auto held = Held(path);
    auto lock = Opened(path, mode);
    std::atomic<int> outs{0};
    WaitThread* wait = WaitThread::Start(
        lock.get(), 0, [](void* count) { ++*static_cast<std::atomic<int>*>(count); }, &outs);
    CHECK(wait != nullptr);
    WaitUntilBlocked(path, 1);
    CHECK(!wait->IsOut() && !wait->WaitUntilOut(0) && !wait->WaitUntilOut(2));
    held->Release(false);
    CHECK(wait->WaitUntilOut(-1) && wait->IsOut() && wait->status() == LockStatus::kOk);
    wait->Join();
    CHECK(outs == 1 && lock->waited() && !IsFree(path));
    lock->Record();
    lock->Release(false);
    CHECK(IsFree(path));
  }
}

void AWaitIsGrantedByTheEndOfAProcess() {
  std::string path = NewPath();
  Holder holder(path, Holder::kExclusive);
  auto lock = Opened(path);
  WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
  WaitUntilBlocked(path, 1);
  holder.Kill();
  CHECK(wait->WaitUntilOut(1e300) && wait->status() == LockStatus::kOk);
  wait->Join();
}

void AWaitIsCancelledBeforeAndDuringIt() {
  std::string path = NewPath();
  auto held = Held(path);
  int descriptors = CountDescriptors();
  for (double pause_ms : {0.0, 0.5, 3.0}) {
    for (bool in_kernel : {false, true}) {
      auto lock = Opened(path);
      WaitThread* wait = WaitThread::Start(lock.get(), pause_ms, nullptr, nullptr);
      if (in_kernel) WaitUntilBlocked(path, 1);
      CHECK(wait->CancelUntilOut() && wait->status() == LockStatus::kCancelled);
      wait->Join();
      CHECK(CountDescriptors() == descriptors);
    }
  }
  held->Release(false);
  CHECK(IsFree(path));
}

// Another thread that releases `lock` after a time not to be foreseen.
std::thread Releaser(FileLock* lock, uint32_t within_us) {
  return std::thread([lock, within_us] {
    Spin(Random(within_us));
    lock->Release(false);
  });
}

void ACancelAndAGrantAtOnceGiveOneOfBoth() {
  int granted = 0;
  int cancelled = 0;
  for (int round = 0; round < 2000 && (round < 250 || granted < 20 || cancelled < 20); round++) {
    std::string path = NewPath();
    auto held = Held(path);
    auto lock = Opened(path, round % 2 == 0 ? LockMode::kExclusive : LockMode::kShared);
    WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
    if (round % 4 != 0) WaitUntilBlocked(path, 1);
    std::thread releaser = Releaser(held.get(), 200);
    Spin(Random(300));
    CHECK(wait->CancelUntilOut());
    bool is_granted = wait->status() == LockStatus::kOk;
    CHECK(is_granted || wait->status() == LockStatus::kCancelled);
    wait->Join();
    releaser.join();
    CHECK(IsFree(path) != is_granted);
    (is_granted ? granted : cancelled)++;
  }
  CHECK(granted > 0 && cancelled > 0);
}

void WaitsAreCancelledUnderLoad() {
  std::atomic<bool> stops{false};
  std::vector<std::thread> load;
  load.reserve(4);
  for (int each = 0; each < 4; each++) {
    load.emplace_back([&stops] {
      while (!stops) {
        Spin(200);
        SleepMs(0.02);
      }
    });
  }
  std::string path = NewPath();
  auto held = Held(path);
  for (int round = 0; round < 10; round++) {
    std::vector<std::unique_ptr<FileLock>> locks;
    std::vector<WaitThread*> waits;
    for (int each = 0; each < 16; each++) {
      locks.push_back(Opened(path));
      waits.push_back(WaitThread::Start(locks.back().get(), each % 3 * 0.1, nullptr, nullptr));
      CHECK(waits.back() != nullptr);
    }
    for (WaitThread* wait : waits) {
      CHECK(wait->CancelUntilOut() && wait->status() == LockStatus::kCancelled);
      wait->Join();
    }
  }
  stops = true;
  for (std::thread& each : load) each.join();
}

void NoMoreThanSixtyFourWait() {
  std::string path = NewPath();
  auto held = Held(path);
  std::vector<std::unique_ptr<FileLock>> locks;
  std::vector<WaitThread*> waits;
  for (int each = 0; each < WaitThread::kMaxThreads; each++) {
    locks.push_back(Opened(path, LockMode::kShared));
    waits.push_back(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr));
    CHECK(waits.back() != nullptr);
  }
  locks.push_back(Opened(path));
  CHECK(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr) == nullptr);
  WaitUntilBlocked(path, WaitThread::kMaxThreads);
  CHECK(waits.back()->CancelUntilOut());
  waits.back()->Join();
  waits.back() = WaitThread::Start(locks.back().get(), 0, nullptr, nullptr);
  CHECK(waits.back() != nullptr);
  for (WaitThread* wait : waits) CHECK(wait->Cancel());
  for (WaitThread* wait : waits) {
    CHECK(wait->CancelUntilOut());
    wait->Join();
  }
}

// Whoever keeps one that ended keeps none of the sixty-four.
void ThreadsThatEndedDoNotCount() {
  std::vector<std::unique_ptr<FileLock>> locks;
  std::vector<WaitThread*> waits;
  for (int each = 0; each < WaitThread::kMaxThreads; each++) {
    locks.push_back(Opened(NewPath()));
    waits.push_back(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr));
    CHECK(waits.back() != nullptr);
  }
  for (WaitThread* wait : waits) CHECK(wait->WaitUntilOut(-1));
  while (CountWaitThreads() > 0) SleepMs(1);
  locks.push_back(Opened(NewPath()));
  waits.push_back(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr));
  CHECK(waits.back() != nullptr && waits.back()->WaitUntilOut(-1));
  for (WaitThread* wait : waits) wait->Join();
}

void AThreadThatIsOutIsStartedAnew() {
  std::atomic<int> outs{0};
  auto on_out = [](void* count) {
    // So long that the next round finds it here.
    SleepMs(Random(3));
    ++*static_cast<std::atomic<int>*>(count);
  };
  WaitThread* wait = nullptr;
  int restarts = 0;
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; round++) {
    std::string path = NewPath();
    auto held = round % 2 == 0 ? Held(path) : nullptr;
    auto lock = Opened(path);
    if (wait != nullptr && wait->Restart(lock.get(), 0, on_out, &outs)) {
      restarts++;
    } else {
      if (wait != nullptr) wait->Join();
      wait = WaitThread::Start(lock.get(), 0, on_out, &outs);
      CHECK(wait != nullptr);
    }
    bool cancels = held != nullptr && round % 4 == 0;
    if (held != nullptr && !cancels) held->Release(false);
    // What was sent before does not cancel the next wait.
    CHECK(cancels ? wait->CancelUntilOut() : wait->WaitUntilOut(-1));
    if (!cancels && Random(2) == 0) wait->Cancel();
    CHECK(wait->status() == (cancels ? LockStatus::kCancelled : LockStatus::kOk));
  }
  wait->Join();
  CHECK(outs == kRounds && restarts > 0);
}

void AThreadThatEndedIsNotStartedAnew() {
  auto lock = Opened(NewPath());
  WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
  CHECK(wait->WaitUntilOut(-1));
  while (CountWaitThreads() > 0) SleepMs(1);
  auto next = Opened(NewPath());
  CHECK(!wait->Restart(next.get(), 0, nullptr, nullptr));
  CHECK(wait->IsOut() && wait->Cancel());
  wait->Join();
}

void AThreadIsStartedAnewJustAsItEnds() {
  std::atomic<int> restarts{0};
  std::atomic<int> ends{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int each = 0; each < 4; each++) {
    threads.emplace_back([&restarts, &ends] {
      for (int round = 0; round < 500 && (round < 40 || restarts < 20 || ends < 20); round++) {
        std::string path = NewPath();
        auto lock = Opened(path);
        WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
        CHECK(wait != nullptr && wait->WaitUntilOut(-1));
        double end_ms = MonotonicMs() + WaitThread::kParkedMs + (static_cast<double>(Random(1000)) - 500) / 1000;
        SleepMs(WaitThread::kParkedMs - 2);
        while (MonotonicMs() < end_ms) {
        }
        std::string other = NewPath();
        auto next = Opened(other);
        if (wait->Restart(next.get(), 0, nullptr, nullptr)) {
          CHECK(wait->WaitUntilOut(-1) && wait->status() == LockStatus::kOk && !IsFree(other));
          restarts++;
        } else {
          ends++;
        }
        wait->Join();
        CHECK(!IsFree(path));
      }
    });
  }
  for (std::thread& each : threads) each.join();
  printf("           %d started anew, %d ended\n", restarts.load(), ends.load());
}

void WaitUntilFree(const std::string& path) {
  while (!IsFree(path)) SleepMs(0.2);
}

void AWaitWithoutItsSignalIsGivenUp() {
  std::string path = NewPath();
  const std::string text = "foreign data";
  WriteFile(path, text);
  auto held = Held(path);
  WaitThread* wait = WaitThread::Start(Opened(path).release(), 0, nullptr, nullptr);
  WaitUntilBlocked(path, 1);
  {
    StolenSignal stolen;
    CHECK(!wait->Cancel() && !wait->CancelUntilOut());
    auto other = Opened(path);
    CHECK(WaitThread::Start(other.get(), 0, nullptr, nullptr) == nullptr);
    CHECK(wait->Abandon());
  }
  CHECK(CountBlocked(path) == 1);
  held->Release(false);
  while (CountWaitThreads() > 0) SleepMs(0.2);
  CHECK(IsFree(path) && ReadFile(path) == text);
}

void AWaitThatIsGivenUpMayBeOutBefore() {
  int abandoned = 0;
  int out = 0;
  for (int round = 0; round < 2000 && (round < 200 || abandoned < 20 || out < 20); round++) {
    std::string path = NewPath();
    auto held = Held(path);
    FileLock* lock = Opened(path).release();
    std::atomic<int> outs{0};
    WaitThread* wait = WaitThread::Start(
        lock, 0, [](void* count) { ++*static_cast<std::atomic<int>*>(count); }, &outs);
    if (round % 4 != 0) WaitUntilBlocked(path, 1);
    StolenSignal stolen;
    std::thread releaser = Releaser(held.get(), 150);
    Spin(Random(250));
    if (!wait->Cancel() && !wait->IsOut() && wait->Abandon()) {
      abandoned++;
      releaser.join();
      // It may have been cancelled by the flag alone; the lock comes free either way.
      while (CountWaitThreads() > 0) SleepMs(0.05);
      CHECK(IsFree(path) && outs == 0);
    } else {
      out++;
      LockStatus status = wait->status();
      CHECK(wait->IsOut() && (status == LockStatus::kOk || status == LockStatus::kCancelled));
      wait->Join();
      CHECK(outs == 1);
      releaser.join();
      delete lock;
      CHECK(IsFree(path));
    }
  }
  CHECK(abandoned > 0 && out > 0);
}

void AThreadIsNotStartedAnewWithoutItsSignal() {
  auto lock = Opened(NewPath());
  WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
  CHECK(wait->WaitUntilOut(-1));
  auto next = Opened(NewPath());
  StolenSignal stolen;
  CHECK(!wait->Restart(next.get(), 0, nullptr, nullptr));
  wait->Join();
}

// One that was started anew is as good as any.
void AThreadThatWasStartedAnewIsGivenUp() {
  std::string path = NewPath();
  auto first = Opened(NewPath());
  WaitThread* wait = nullptr;
  auto held = Held(path);
  for (;;) {
    wait = WaitThread::Start(first.get(), 0, nullptr, nullptr);
    CHECK(wait->WaitUntilOut(-1));
    FileLock* lock = Opened(path).release();
    if (wait->Restart(lock, 0, nullptr, nullptr)) break;
    wait->Join();
    delete lock;
    first = Opened(NewPath());
  }
  WaitUntilBlocked(path, 1);
  {
    StolenSignal stolen;
    CHECK(!wait->CancelUntilOut() && wait->Abandon());
  }
  held->Release(false);
  WaitUntilFree(path);
}

void TimesAreWaitedOut() {
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
  Run("a wait is granted by the release", AWaitIsGrantedByTheRelease);
  Run("a wait is granted by the end of a process", AWaitIsGrantedByTheEndOfAProcess);
  Run("a wait is cancelled before and during it", AWaitIsCancelledBeforeAndDuringIt);
  Run("a cancel and a grant at once give one of both", ACancelAndAGrantAtOnceGiveOneOfBoth);
  Run("waits are cancelled under load", WaitsAreCancelledUnderLoad);
  Run("no more than sixty-four wait", NoMoreThanSixtyFourWait);
  Run("threads that ended do not count", ThreadsThatEndedDoNotCount);
  Run("a thread that is out is started anew", AThreadThatIsOutIsStartedAnew);
  Run("a thread that ended is not started anew", AThreadThatEndedIsNotStartedAnew);
  Run("a thread is started anew just as it ends", AThreadIsStartedAnewJustAsItEnds);
  Run("a wait without its signal is given up", AWaitWithoutItsSignalIsGivenUp);
  Run("a wait that is given up may be out before", AWaitThatIsGivenUpMayBeOutBefore);
  Run("a thread is not started anew without its signal", AThreadIsNotStartedAnewWithoutItsSignal);
  Run("a thread that was started anew is given up", AThreadThatWasStartedAnewIsGivenUp);
  Run("times are waited out", TimesAreWaitedOut);
  Finish();
}
