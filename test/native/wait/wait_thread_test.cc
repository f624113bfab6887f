// WaitThread: waits that are granted, cancelled, abandoned and restarted, and races between these.

#include "wait/wait_thread.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "platform/platform.h"

namespace zjj::test {

namespace {

constexpr char kRecordStart[] = "{\"pid\":7,\"host\":\"here\",\"command\":\"test\",";

std::unique_ptr<FileLock> OpenLock(const std::string& path, LockMode mode = LockMode::kExclusive) {
  auto lock = std::make_unique<FileLock>(path.c_str(), kRecordStart);
  CHECK(lock->Open({mode}) == LockStatus::kOk);
  return lock;
}

std::unique_ptr<FileLock> TakeLock(const std::string& path, LockMode mode = LockMode::kExclusive) {
  auto lock = OpenLock(path, mode);
  CHECK(lock->Try() == LockStatus::kOk);
  lock->WriteHolder();
  return lock;
}

bool IsFree(const std::string& path) { return OpenLock(path)->Try() == LockStatus::kOk; }

void AReleaseGrantsAWait() {
  for (LockMode mode : {LockMode::kExclusive, LockMode::kShared}) {
    std::string path = NewPath();
    auto held = TakeLock(path);
    auto lock = OpenLock(path, mode);
    std::atomic<int> done_count{0};
    WaitThread* wait = WaitThread::Start(
        lock.get(), 0, [](void* count) { ++*static_cast<std::atomic<int>*>(count); }, &done_count);
    CHECK(wait != nullptr);
    WaitUntilBlocked(path, 1);
    CHECK(!wait->IsDone() && !wait->WaitUntilDone(0) && !wait->WaitUntilDone(2));
    held->Release(false);
    CHECK(wait->WaitUntilDone(-1) && wait->IsDone() && wait->status() == LockStatus::kOk);
    wait->Join();
    CHECK(done_count == 1 && lock->waited() && !IsFree(path));
    lock->WriteHolder();
    lock->Release(false);
    CHECK(IsFree(path));
  }
}

void AWaitIsGrantedWhenTheHolderIsKilled() {
  std::string path = NewPath();
  Holder holder(path, Holder::kExclusive);
  auto lock = OpenLock(path);
  WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
  WaitUntilBlocked(path, 1);
  holder.Kill();
  CHECK(wait->WaitUntilDone(1e300) && wait->status() == LockStatus::kOk);
  wait->Join();
}

void AWaitIsCancelledBeforeAndInTheKernel() {
  std::string path = NewPath();
  auto held = TakeLock(path);
  int descriptors = CountDescriptors();
  for (double pause_ms : {0.0, 0.5, 3.0}) {
    for (bool in_kernel : {false, true}) {
      auto lock = OpenLock(path);
      WaitThread* wait = WaitThread::Start(lock.get(), pause_ms, nullptr, nullptr);
      if (in_kernel) WaitUntilBlocked(path, 1);
      CHECK(wait->CancelUntilDone() && wait->status() == LockStatus::kCancelled);
      wait->Join();
      CHECK(CountDescriptors() == descriptors);
    }
  }
  held->Release(false);
  CHECK(IsFree(path));
}

// Valgrind emulates signals, and the kernel shows its own masks.
bool IsUnderValgrind() {
  // Only this thread runs then. NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* preloaded = getenv("LD_PRELOAD");
  return preloaded != nullptr && strstr(preloaded, "vgpreload") != nullptr;
}

void AWaitThreadHandlesOnlyItsOwnSignal() {
  if (IsUnderValgrind()) return;
  std::string path = NewPath();
  auto held = TakeLock(path);
  auto lock = OpenLock(path);
  WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
  WaitUntilBlocked(path, 1);
  uint64_t blocked = SignalsBlockedInWaitThread();
  auto blocks = [blocked](int number) { return (blocked >> (number - 1) & 1) != 0; };
  for (int number : {SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGPROF, SIGURG, SIGUSR1, SIGUSR2}) CHECK(blocks(number));
  for (int number = SIGRTMIN; number <= SIGRTMAX; number++) CHECK(blocks(number) == (number != WakeSignalNumber()));
  CHECK(wait->CancelUntilDone());
  wait->Join();
}

// The first signals are lost. One that is sent again arrives.
void ACancelIsSentAgain() {
  std::string path = NewPath();
  auto held = TakeLock(path);
  auto lock = OpenLock(path);
  WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
  WaitUntilBlocked(path, 1);
  auto queue = std::make_unique<FullSignalQueue>();
  CHECK(wait->Cancel() && !wait->WaitUntilDone(5));
  std::thread drain([&queue] {
    SleepMs(5);
    queue.reset();
  });
  CHECK(wait->CancelUntilDone() && wait->status() == LockStatus::kCancelled);
  drain.join();
  wait->Join();
}

void AWaitThatNoSignalEndsIsAbandoned() {
  std::string path = NewPath();
  auto held = TakeLock(path);
  WaitThread* wait = WaitThread::Start(OpenLock(path).release(), 0, nullptr, nullptr);
  WaitUntilBlocked(path, 1);
  auto again = OpenLock(path);
  auto other = OpenLock(NewPath());
  {
    FullSignalQueue queue;
    double start_ms = MonotonicMs();
    CHECK(!wait->CancelUntilDone() && MonotonicMs() - start_ms >= WaitThread::kWakeMs);
    CHECK(wait->Abandon());
    // Another wait for the path would leave a second thread behind.
    CHECK(WaitThread::Start(again.get(), 0, nullptr, nullptr) == nullptr);
    WaitThread* elsewhere = WaitThread::Start(other.get(), 0, nullptr, nullptr);
    CHECK(elsewhere->WaitUntilDone(-1) && !elsewhere->Restart(again.get(), 0, nullptr, nullptr));
    elsewhere->Join();
  }
  CHECK(CountBlocked(path) == 1);
  held->Release(false);
  while (CountWaitThreads() > 0) SleepMs(0.2);
  WaitThread* next = WaitThread::Start(again.get(), 0, nullptr, nullptr);
  CHECK(next->WaitUntilDone(-1) && next->status() == LockStatus::kOk);
  next->Join();
}

void AbandonedThreadsCount() {
  std::string path = NewPath();
  auto held = TakeLock(path);
  std::vector<WaitThread*> waits;
  waits.reserve(WaitThread::kMaxThreads);
  for (int each = 0; each < WaitThread::kMaxThreads; each++) {
    waits.push_back(WaitThread::Start(OpenLock(path).release(), 0, nullptr, nullptr));
  }
  WaitUntilBlocked(path, WaitThread::kMaxThreads);
  {
    StolenSignal stolen;
    for (WaitThread* wait : waits) CHECK(!wait->Cancel() && wait->Abandon());
  }
  auto other = OpenLock(NewPath());
  CHECK(WaitThread::Start(other.get(), 0, nullptr, nullptr) == nullptr);
  held->Release(false);
  while (CountWaitThreads() > 0) SleepMs(0.2);
}

void WorkRunsBesideSixtyFourWaits() {
  std::string path = NewPath();
  auto held = TakeLock(path, LockMode::kExclusive);
  std::vector<std::unique_ptr<FileLock>> locks;
  std::vector<WaitThread*> waits;
  for (int each = 0; each < WaitThread::kMaxThreads; each++) {
    locks.push_back(OpenLock(path, LockMode::kShared));
    waits.push_back(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr));
  }
  std::atomic<int> steps{0};
  auto step = [](void* count) { ++*static_cast<std::atomic<int>*>(count); };
  WaitThread* work = WaitThread::StartWork(step, step, &steps);
  CHECK(work->WaitUntilDone(-1) && work->status() == LockStatus::kOk);
  work->WaitUntilReported();
  CHECK(steps == 2);
  if (work->RestartWork(step, nullptr, &steps)) CHECK(work->WaitUntilDone(-1) && steps == 3);
  work->Join();
  held->Release(false);
  for (WaitThread* wait : waits) {
    CHECK(wait->WaitUntilDone(-1));
    wait->Join();
  }
}

// Starts a thread that releases `lock` after a random time.
std::thread StartReleaser(FileLock* lock, uint32_t within_us) {
  return std::thread([lock, within_us] {
    Spin(Random(within_us));
    lock->Release(false);
  });
}

void ACancelThatRacesAGrantHasOneResult() {
  int granted = 0;
  int cancelled = 0;
  for (int round = 0; round < 2000 && (round < 250 || granted < 20 || cancelled < 20); round++) {
    std::string path = NewPath();
    auto held = TakeLock(path);
    auto lock = OpenLock(path, round % 2 == 0 ? LockMode::kExclusive : LockMode::kShared);
    WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
    if (round % 4 != 0) WaitUntilBlocked(path, 1);
    std::thread releaser = StartReleaser(held.get(), 200);
    Spin(Random(300));
    CHECK(wait->CancelUntilDone());
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
  std::atomic<bool> stop{false};
  std::vector<std::thread> load;
  load.reserve(4);
  for (int each = 0; each < 4; each++) {
    load.emplace_back([&stop] {
      while (!stop) {
        Spin(200);
        SleepMs(0.02);
      }
    });
  }
  std::string path = NewPath();
  auto held = TakeLock(path);
  for (int round = 0; round < 10; round++) {
    std::vector<std::unique_ptr<FileLock>> locks;
    std::vector<WaitThread*> waits;
    for (int each = 0; each < 16; each++) {
      locks.push_back(OpenLock(path));
      waits.push_back(WaitThread::Start(locks.back().get(), each % 3 * 0.1, nullptr, nullptr));
      CHECK(waits.back() != nullptr);
    }
    for (WaitThread* wait : waits) {
      CHECK(wait->CancelUntilDone() && wait->status() == LockStatus::kCancelled);
      wait->Join();
    }
  }
  stop = true;
  for (std::thread& each : load) each.join();
}

void AtMostSixtyFourThreadsWait() {
  std::string path = NewPath();
  auto held = TakeLock(path);
  std::vector<std::unique_ptr<FileLock>> locks;
  std::vector<WaitThread*> waits;
  for (int each = 0; each < WaitThread::kMaxThreads; each++) {
    locks.push_back(OpenLock(path, LockMode::kShared));
    waits.push_back(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr));
    CHECK(waits.back() != nullptr);
  }
  locks.push_back(OpenLock(path));
  CHECK(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr) == nullptr);
  WaitUntilBlocked(path, WaitThread::kMaxThreads);
  CHECK(waits.back()->CancelUntilDone());
  waits.back()->Join();
  waits.back() = WaitThread::Start(locks.back().get(), 0, nullptr, nullptr);
  CHECK(waits.back() != nullptr);
  for (WaitThread* wait : waits) CHECK(wait->Cancel());
  for (WaitThread* wait : waits) {
    CHECK(wait->CancelUntilDone());
    wait->Join();
  }
}

// A WaitThread that is kept after its thread exited does not use up one of the sixty-four.
void ExitedThreadsDoNotCount() {
  std::vector<std::unique_ptr<FileLock>> locks;
  std::vector<WaitThread*> waits;
  for (int each = 0; each < WaitThread::kMaxThreads; each++) {
    locks.push_back(OpenLock(NewPath()));
    waits.push_back(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr));
    CHECK(waits.back() != nullptr);
  }
  for (WaitThread* wait : waits) CHECK(wait->WaitUntilDone(-1));
  while (CountWaitThreads() > 0) SleepMs(1);
  locks.push_back(OpenLock(NewPath()));
  waits.push_back(WaitThread::Start(locks.back().get(), 0, nullptr, nullptr));
  CHECK(waits.back() != nullptr && waits.back()->WaitUntilDone(-1));
  for (WaitThread* wait : waits) wait->Join();
}

void ADoneThreadIsRestarted() {
  std::atomic<int> done_count{0};
  auto on_done = [](void* count) {
    // Long enough for the next round to find the thread still in here.
    SleepMs(Random(3));
    ++*static_cast<std::atomic<int>*>(count);
  };
  WaitThread* wait = nullptr;
  int restarts = 0;
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; round++) {
    std::string path = NewPath();
    auto held = round % 2 == 0 ? TakeLock(path) : nullptr;
    auto lock = OpenLock(path);
    if (wait != nullptr && wait->Restart(lock.get(), 0, on_done, &done_count)) {
      restarts++;
    } else {
      if (wait != nullptr) wait->Join();
      wait = WaitThread::Start(lock.get(), 0, on_done, &done_count);
      CHECK(wait != nullptr);
    }
    bool cancel = held != nullptr && round % 4 == 0;
    if (held != nullptr && !cancel) held->Release(false);
    // A signal sent to the previous wait does not cancel this one.
    CHECK(cancel ? wait->CancelUntilDone() : wait->WaitUntilDone(-1));
    if (!cancel && Random(2) == 0) wait->Cancel();
    CHECK(wait->status() == (cancel ? LockStatus::kCancelled : LockStatus::kOk));
  }
  wait->Join();
  CHECK(done_count == kRounds && restarts > 0);
}

void AnExitedThreadIsNotRestarted() {
  auto lock = OpenLock(NewPath());
  WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
  CHECK(wait->WaitUntilDone(-1));
  while (CountWaitThreads() > 0) SleepMs(1);
  auto next = OpenLock(NewPath());
  CHECK(!wait->Restart(next.get(), 0, nullptr, nullptr));
  CHECK(wait->IsDone() && wait->Cancel());
  wait->Join();
}

void ARestartRacesTheExitOfTheThread() {
  std::atomic<int> restarts{0};
  std::atomic<int> exits{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int each = 0; each < 4; each++) {
    threads.emplace_back([&restarts, &exits] {
      for (int round = 0; round < 500 && (round < 40 || restarts < 20 || exits < 20); round++) {
        std::string path = NewPath();
        auto lock = OpenLock(path);
        WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
        CHECK(wait != nullptr && wait->WaitUntilDone(-1));
        double end_ms = MonotonicMs() + WaitThread::kParkedMs + (static_cast<double>(Random(1000)) - 500) / 1000;
        SleepMs(WaitThread::kParkedMs - 2);
        while (MonotonicMs() < end_ms) {
        }
        std::string other = NewPath();
        auto next = OpenLock(other);
        if (wait->Restart(next.get(), 0, nullptr, nullptr)) {
          CHECK(wait->WaitUntilDone(-1) && wait->status() == LockStatus::kOk && !IsFree(other));
          restarts++;
        } else {
          exits++;
        }
        wait->Join();
        CHECK(!IsFree(path));
      }
    });
  }
  for (std::thread& each : threads) each.join();
  printf("           %d restarted, %d exited\n", restarts.load(), exits.load());
}

void WaitUntilFree(const std::string& path) {
  while (!IsFree(path)) SleepMs(0.2);
}

void AWaitThatLostItsSignalIsAbandoned() {
  std::string path = NewPath();
  const std::string text = "foreign data";
  WriteFile(path, text);
  auto held = TakeLock(path);
  WaitThread* wait = WaitThread::Start(OpenLock(path).release(), 0, nullptr, nullptr);
  WaitUntilBlocked(path, 1);
  {
    StolenSignal stolen;
    CHECK(!wait->Cancel() && !wait->CancelUntilDone());
    auto other = OpenLock(path);
    CHECK(WaitThread::Start(other.get(), 0, nullptr, nullptr) == nullptr);
    CHECK(wait->Abandon());
  }
  CHECK(CountBlocked(path) == 1);
  held->Release(false);
  while (CountWaitThreads() > 0) SleepMs(0.2);
  CHECK(IsFree(path) && ReadFile(path) == text);
}

void AnAbandonRacesTheEndOfTheWait() {
  int abandoned = 0;
  int done = 0;
  for (int round = 0; round < 2000 && (round < 200 || abandoned < 20 || done < 20); round++) {
    std::string path = NewPath();
    auto held = TakeLock(path);
    FileLock* lock = OpenLock(path).release();
    std::atomic<int> done_count{0};
    WaitThread* wait = WaitThread::Start(
        lock, 0, [](void* count) { ++*static_cast<std::atomic<int>*>(count); }, &done_count);
    if (round % 4 != 0) WaitUntilBlocked(path, 1);
    StolenSignal stolen;
    std::thread releaser = StartReleaser(held.get(), 150);
    Spin(Random(250));
    if (!wait->Cancel() && !wait->IsDone() && wait->Abandon()) {
      abandoned++;
      releaser.join();
      // The flag alone may have cancelled the wait. The lock becomes free either way.
      while (CountWaitThreads() > 0) SleepMs(0.05);
      CHECK(IsFree(path) && done_count == 0);
    } else {
      done++;
      LockStatus status = wait->status();
      CHECK(wait->IsDone() && (status == LockStatus::kOk || status == LockStatus::kCancelled));
      wait->Join();
      CHECK(done_count == 1);
      releaser.join();
      delete lock;
      CHECK(IsFree(path));
    }
  }
  CHECK(abandoned > 0 && done > 0);
}

void AThreadThatLostItsSignalIsNotRestarted() {
  auto lock = OpenLock(NewPath());
  WaitThread* wait = WaitThread::Start(lock.get(), 0, nullptr, nullptr);
  CHECK(wait->WaitUntilDone(-1));
  auto next = OpenLock(NewPath());
  StolenSignal stolen;
  CHECK(!wait->Restart(next.get(), 0, nullptr, nullptr));
  wait->Join();
}

void ARestartedThreadIsAbandoned() {
  std::string path = NewPath();
  auto first = OpenLock(NewPath());
  WaitThread* wait = nullptr;
  auto held = TakeLock(path);
  for (;;) {
    wait = WaitThread::Start(first.get(), 0, nullptr, nullptr);
    CHECK(wait->WaitUntilDone(-1));
    FileLock* lock = OpenLock(path).release();
    if (wait->Restart(lock, 0, nullptr, nullptr)) break;
    wait->Join();
    delete lock;
    first = OpenLock(NewPath());
  }
  WaitUntilBlocked(path, 1);
  {
    StolenSignal stolen;
    CHECK(!wait->CancelUntilDone() && wait->Abandon());
  }
  held->Release(false);
  WaitUntilFree(path);
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("a release grants a wait", AReleaseGrantsAWait);
  Run("a wait is granted when the holder is killed", AWaitIsGrantedWhenTheHolderIsKilled);
  Run("a wait is cancelled before and in the kernel", AWaitIsCancelledBeforeAndInTheKernel);
  Run("a wait thread handles only its own signal", AWaitThreadHandlesOnlyItsOwnSignal);
  Run("a cancel is sent again", ACancelIsSentAgain);
  Run("a wait that no signal ends is abandoned", AWaitThatNoSignalEndsIsAbandoned);
  Run("abandoned threads count toward the limit", AbandonedThreadsCount);
  Run("work runs beside sixty-four waits", WorkRunsBesideSixtyFourWaits);
  Run("a cancel that races a grant has one result", ACancelThatRacesAGrantHasOneResult);
  Run("waits are cancelled under load", WaitsAreCancelledUnderLoad);
  Run("at most sixty-four threads wait", AtMostSixtyFourThreadsWait);
  Run("exited threads do not count toward the limit", ExitedThreadsDoNotCount);
  Run("a done thread is restarted", ADoneThreadIsRestarted);
  Run("an exited thread is not restarted", AnExitedThreadIsNotRestarted);
  Run("a restart races the exit of the thread", ARestartRacesTheExitOfTheThread);
  Run("a wait that lost its signal is abandoned", AWaitThatLostItsSignalIsAbandoned);
  Run("an abandon races the end of the wait", AnAbandonRacesTheEndOfTheWait);
  Run("a thread that lost its signal is not restarted", AThreadThatLostItsSignalIsNotRestarted);
  Run("a restarted thread is abandoned", ARestartedThreadIsAbandoned);
  Finish();
}
