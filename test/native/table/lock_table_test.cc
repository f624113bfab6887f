// LockTable: one environment alone, and two environments that contend with another process for the same files.

#include "table/lock_table.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "platform/platform.h"

namespace zjj::test {

namespace {

constexpr char kRecordStart[] = "{\"pid\":7,\"host\":\"here\",\"command\":\"test\",";

// An environment. Delivers the ends of waits to its thread, as a thread-safe function does.
struct Environment {
  Environment() : locks(OnWaitDone, this) { CHECK(locks.SetRecordStart(kRecordStart)); }
  ~Environment() { End(); }

  void End() {
    locks.Close();
    for (LockHandle* handle : ended) LockTable::Discard(handle);
    ended.clear();
  }

  // Returns the next wait that ended, or null if none did within `timeout_ms` (negative: no limit).
  LockHandle* TakeEnded(double timeout_ms) {
    std::unique_lock<std::mutex> guard(mutex);
    auto has_one = [this] { return !ended.empty(); };
    if (timeout_ms < 0) {
      changed.wait(guard, has_one);
    } else if (!changed.wait_for(guard, std::chrono::duration<double, std::milli>(timeout_ms), has_one)) {
      return nullptr;
    }
    LockHandle* handle = ended.front();
    ended.pop_front();
    return handle;
  }

  LockResult Settle() { return locks.Settle(TakeEnded(-1)); }

  // Cancels repeatedly, as JavaScript's timers do. The wait must be the only one.
  LockResult Cancel(int index) {
    for (double pause_ms = 1;; pause_ms *= 2) {
      CHECK(locks.CancelWait(index));
      LockHandle* handle = TakeEnded(pause_ms);
      if (handle != nullptr) return locks.Settle(handle);
    }
  }

  int Take(const std::string& path, const LockOptions& options = {}) {
    LockResult result = locks.Try({path.c_str(), options});
    CHECK(result.outcome == LockResult::kHeld);
    return result.index;
  }

  int StartWait(const std::string& path, const LockOptions& options = {}, double pause_ms = 0) {
    LockResult result = locks.StartWait({path.c_str(), options}, pause_ms);
    CHECK(result.outcome == LockResult::kPending && locks.FindHeld(result.index) == nullptr);
    return result.index;
  }

  LockTable locks;
  // Whether OnWaitDone accepts handles.
  std::atomic<bool> accepts{true};
  std::atomic<int> done_count{0};

  static bool OnWaitDone(LockHandle* handle, void* context) {
    auto* self = static_cast<Environment*>(context);
    ++self->done_count;
    if (!self->accepts) return false;
    std::lock_guard<std::mutex> guard(self->mutex);
    self->ended.push_back(handle);
    self->changed.notify_one();
    return true;
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<LockHandle*> ended;
};

constexpr LockOptions kShared = {LockMode::kShared};

bool IsFree(const std::string& path) {
  FileLock lock(path.c_str(), kRecordStart);
  CHECK(lock.Open({}) == LockStatus::kOk);
  return lock.Try() == LockStatus::kOk;
}

void LocksAreTakenAndReleased() {
  Environment environment;
  LockTable& locks = environment.locks;
  std::string path = NewPath();
  int index = environment.Take(path);
  CHECK(locks.FindHeld(index) != nullptr && locks.FindHeld(index)->IsCurrent());
  CHECK(locks.Try({path.c_str(), {}}).outcome == LockResult::kBusy);
  CHECK(!locks.Release(-1, false, false) && !locks.Release(index + 1, false, false) && !locks.CancelWait(index));
  CHECK(locks.FindHeld(-1) == nullptr && locks.FindHeld(index + 1) == nullptr && !locks.CancelWait(1000));
  CHECK(locks.Release(index, false, false) && !locks.Release(index, false, false));
  std::array<int, 3> shared = {environment.Take(path, kShared), environment.Take(path, kShared),
                               environment.Take(NewPath())};
  CHECK(locks.Try({path.c_str(), {}}).outcome == LockResult::kBusy);
  for (int each : shared) CHECK(locks.Release(each, true, false));
  CHECK(mkdir(path.c_str(), 0777) != 0);
  LockResult failed = locks.Try({"/nowhere/x", {}});
  CHECK(failed.outcome == LockResult::kFailed && failed.error.number == ENOENT);
  CHECK(locks.Try({"/", {}}).status == LockStatus::kInvalid);
  CHECK(locks.StartWait({"/", {}}, 0).status == LockStatus::kInvalid);
  CHECK(locks.WaitSync({"/", {}}, 0).status == LockStatus::kInvalid);
  // Still held when the environment ends.
  environment.Take(path);
  environment.Take(NewPath(), kShared);
}

void AReleasedFileStaysOpenForTheNextLock() {
  Environment environment;
  LockTable& locks = environment.locks;
  int descriptors = CountDescriptors();
  std::string path = NewPath();
  std::string other = NewPath();
  CHECK(locks.Release(environment.Take(path), true, true));
  CHECK(CountDescriptors() == descriptors + 1 && IsFree(path));
  int index = environment.Take(path);
  CHECK(locks.FindHeld(index)->found_state() == FoundState::kClean);
  CHECK(CountDescriptors() == descriptors + 1);
  CHECK(locks.Release(index, true, true));
  index = environment.Take(path);
  CHECK(locks.FindHeld(index)->found_state() == FoundState::kClean);
  CHECK(locks.Release(index, false, true));
  // A lock on another file closes the idle one.
  index = environment.Take(other);
  CHECK(CountDescriptors() == descriptors + 1);
  int second = environment.Take(path);
  CHECK(locks.Release(index, false, true) && locks.Release(second, false, true));
  CHECK(CountDescriptors() == descriptors + 1);
  locks.CloseIdle();
  locks.CloseIdle();
  CHECK(CountDescriptors() == descriptors);
  // In the meantime the idle file becomes busy, is removed, or gets foreign content.
  CHECK(locks.Release(environment.Take(path), false, true));
  Holder holder(path, Holder::kExclusive);
  CHECK(locks.Try({path.c_str(), {}}).outcome == LockResult::kBusy && CountDescriptors() == descriptors + 1);
  holder.Release();
  CHECK(locks.Release(environment.Take(path), false, true) && unlink(path.c_str()) == 0);
  index = environment.Take(path);
  CHECK(Exists(path) && locks.FindHeld(index)->IsCurrent() && locks.Release(index, false, true));
  for (int way = 0; way < 3; way++) {
    WriteFile(path, "foreign");
    if (way == 0) index = environment.Take(path);
    if (way == 1) index = locks.WaitSync({path.c_str(), {}}, -1).index;
    if (way == 2) {
      environment.StartWait(path);
      index = environment.Settle().index;
    }
    CHECK(locks.Release(index, true, true) && ReadFile(path) == "foreign");
    WriteFile(path, "");
    CHECK(locks.Release(environment.Take(path), true, true));
  }
  // A blocking wait uses the idle file too.
  CHECK(locks.WaitSync({path.c_str(), {}}, -1).outcome == LockResult::kHeld);
}

void ANewRecordAppliesToTheNextLock() {
  Environment environment;
  LockTable& locks = environment.locks;
  std::string path = NewPath();
  CHECK(!locks.SetRecordStart(std::string(kRecordSize - 40, 'x').c_str()));
  CHECK(locks.Release(environment.Take(path), false, true));
  const std::string longest = "{\"pid\":" + std::string(kRecordSize - 41 - 7, '1');
  CHECK(locks.SetRecordStart(longest.c_str()));
  environment.Take(path);
  CHECK(ReadFile(path).substr(0, longest.size()) == longest);
}

void AWaitSettles() {
  Environment environment;
  LockTable& locks = environment.locks;
  for (int round = 0; round < 30; round++) {
    std::string path = NewPath();
    int held = environment.Take(path);
    int index = environment.StartWait(path, round % 3 == 0 ? kShared : LockOptions{}, round % 2 * 0.06);
    if (round < 20) WaitUntilBlocked(path, 1);
    CHECK(!locks.Release(index, false, false));
    CHECK(locks.Release(held, false, round % 2 == 0));
    LockResult result = environment.Settle();
    CHECK(result.outcome == LockResult::kHeld && result.index == index && (round >= 20 || result.waited));
    CHECK(locks.FindHeld(index) != nullptr && !IsFree(path));
    CHECK(!locks.CancelWait(index));
    CHECK(locks.Release(index, false, round % 4 == 0));
  }
}

void AWaitIsCancelled() {
  Environment environment;
  LockTable& locks = environment.locks;
  std::string path = NewPath();
  int held = environment.Take(path);
  for (int round = 0; round < 20; round++) {
    int index = environment.StartWait(path, round % 3 == 0 ? kShared : LockOptions{}, round % 2 * 0.06);
    if (round < 10) WaitUntilBlocked(path, 1);
    LockResult result = environment.Cancel(index);
    CHECK(result.outcome == LockResult::kCancelled && result.index == index);
    CHECK(!locks.CancelWait(index) && locks.FindHeld(index) == nullptr);
  }
  CHECK(locks.Release(held, false, false) && IsFree(path));
}

void AWaitFollowsThePathToANewFile() {
  Environment environment;
  LockTable& locks = environment.locks;
  std::string path = NewPath();
  int held = environment.Take(path);
  environment.StartWait(path);
  WaitUntilBlocked(path, 1);
  CHECK(unlink(path.c_str()) == 0 && locks.Release(held, false, false));
  LockResult result = environment.Settle();
  CHECK(result.outcome == LockResult::kHeld && locks.FindHeld(result.index)->IsCurrent());
  CHECK(locks.FindHeld(result.index)->found_state() == FoundState::kCreated);
  // Replaced by a directory.
  environment.StartWait(path);
  WaitUntilBlocked(path, 1);
  CHECK(unlink(path.c_str()) == 0 && mkdir(path.c_str(), 0777) == 0 && locks.Release(result.index, false, false));
  result = environment.Settle();
  CHECK(result.outcome == LockResult::kFailed && result.status == LockStatus::kInvalid);
  CHECK(rmdir(path.c_str()) == 0);
}

void ABlockingWaitEnds() {
  Environment environment;
  LockTable& locks = environment.locks;
  std::string path = NewPath();
  const LockRequest request = {path.c_str(), {}};
  int held = environment.Take(path, kShared);
  CHECK(locks.WaitSync(request, -1).outcome == LockResult::kDeadlock);
  LockResult shared = locks.WaitSync({path.c_str(), kShared}, -1);
  CHECK(shared.outcome == LockResult::kHeld);
  CHECK(locks.Release(held, false, false) && locks.Release(shared.index, false, true));
  {
    Holder holder(path, Holder::kExclusive);
    CHECK(locks.WaitSync(request, 0).outcome == LockResult::kTimedOut);
    CHECK(locks.WaitSync(request, 15).outcome == LockResult::kTimedOut);
    environment.StartWait(path);
    CHECK(locks.WaitSync(request, 1000).outcome == LockResult::kDeadlock);
    std::thread releaser([&holder, &path] {
      WaitUntilBlocked(path, 1);
      holder.Release();
    });
    LockResult waited = environment.Settle();
    CHECK(waited.outcome == LockResult::kHeld && locks.Release(waited.index, false, false));
    releaser.join();
  }
  Holder holder(path, Holder::kShared);
  std::thread releaser([&holder, &path] {
    WaitUntilBlocked(path, 1);
    holder.Release();
  });
  CHECK(locks.WaitSync(request, -1).outcome == LockResult::kHeld);
  releaser.join();
}

void ATimeoutRacesAGrant() {
  Environment environment;
  LockTable& locks = environment.locks;
  std::string path = NewPath();
  int granted = 0;
  int timed_out = 0;
  for (int round = 0; round < 2000 && (round < 150 || granted < 20 || timed_out < 20); round++) {
    FileLock held(path.c_str(), kRecordStart);
    while (held.Open({}) != LockStatus::kOk || held.Try() != LockStatus::kOk) {
    }
    std::thread releaser([&held] {
      Spin(Random(500));
      held.Release(false);
    });
    LockResult result = locks.WaitSync({path.c_str(), {}}, Random(400) / 1000.0);
    releaser.join();
    if (result.outcome == LockResult::kHeld) {
      granted++;
      CHECK(!IsFree(path) && locks.Release(result.index, false, round % 2 == 0));
    } else {
      timed_out++;
      CHECK(result.outcome == LockResult::kTimedOut && IsFree(path));
    }
  }
  CHECK(granted > 0 && timed_out > 0);
}

void TheSixtyFifthWaitMustPoll() {
  Environment environment;
  LockTable& locks = environment.locks;
  std::string path = NewPath();
  const LockRequest request = {path.c_str(), {}};
  Holder holder(path, Holder::kExclusive);
  int descriptors = CountDescriptors();
  std::vector<int> waits;
  waits.reserve(WaitThread::kMaxThreads);
  for (int each = 0; each < WaitThread::kMaxThreads; each++) waits.push_back(environment.StartWait(path, kShared));
  CHECK(locks.StartWait(request, 0).outcome == LockResult::kMustPoll);
  CHECK(CountDescriptors() == descriptors + WaitThread::kMaxThreads);
  Environment other;
  CHECK(other.locks.WaitSync(request, 30).outcome == LockResult::kTimedOut);
  holder.Release();
  for (size_t each = 0; each < waits.size(); each++) CHECK(environment.Settle().outcome == LockResult::kHeld);
  for (int each : waits) CHECK(locks.Release(each, false, false));
  CHECK(other.locks.WaitSync(request, -1).outcome == LockResult::kHeld);
}

void WaitsThatLostTheirSignalAreAbandoned() {
  std::string path = NewPath();
  std::string other = NewPath();
  const LockRequest request = {path.c_str(), {}};
  WriteFile(path, "foreign");
  Holder holder(path, Holder::kExclusive);
  Environment environment;
  Environment ending;
  int given_up = environment.StartWait(path);
  int kept = environment.StartWait(path);
  ending.StartWait(path);
  ending.Take(other);
  WaitUntilBlocked(path, 3);
  std::atomic<bool> stolen{false};
  std::thread thief([&path, &stolen] {
    WaitUntilBlocked(path, 4);
    StolenSignal theft;
    stolen = true;
    while (stolen) SleepMs(0.2);
  });
  // The wait of `third` loses its signal before it times out.
  CHECK(environment.locks.WaitSync({path.c_str(), {}}, 0).outcome == LockResult::kDeadlock);
  Environment third;
  CHECK(third.locks.WaitSync(request, 300).outcome == LockResult::kTimedOut);
  while (!stolen) SleepMs(0.2);
  CHECK(third.locks.StartWait(request, 0).outcome == LockResult::kMustPoll);
  CHECK(third.locks.WaitSync(request, 30).outcome == LockResult::kTimedOut);
  CHECK(third.locks.WaitSync({other.c_str(), {}}, 0).outcome == LockResult::kTimedOut);
  CHECK(!environment.locks.CancelWait(given_up) && !environment.locks.CancelWait(given_up));
  ending.End();
  CHECK(IsFree(other));
  int polled = third.locks.WaitSync({other.c_str(), {}}, -1).index;
  CHECK(third.locks.Release(polled, false, false));
  stolen = false;
  thief.join();
  CHECK(CountBlocked(path) >= 2);
  holder.Release();
  LockResult result = environment.Settle();
  CHECK(result.outcome == LockResult::kHeld && result.index == kept);
  CHECK(environment.locks.Release(kept, false, false));
  while (CountWaitThreads() > 1) SleepMs(0.2);
  environment.End();
  while (CountWaitThreads() > 0) SleepMs(0.2);
  CHECK(IsFree(path) && ReadFile(path) == "foreign" && ending.done_count == 0 && third.done_count == 0);
}

class Sum final : public Task {
 public:
  explicit Sum(std::atomic<int>* sum) : sum_(sum) {}
  void Run() override {
    SleepMs(1);
    outcome_ = ++*sum_;
  }

 private:
  std::atomic<int>* sum_;
};

void ATaskRunsOnAThread() {
  Environment environment;
  LockTable& locks = environment.locks;
  std::atomic<int> sum{0};
  for (int round = 1; round <= 20; round++) {
    int index = locks.StartTask(new Sum(&sum));
    CHECK(index >= 0 && locks.FindHeld(index) == nullptr && locks.Take(index) == nullptr);
    CHECK(!locks.CancelWait(index) && !locks.Release(index, false, false));
    // A task ends by itself, so it is no reason not to wait.
    CHECK(locks.WaitSync({NewPath().c_str(), {}}, -1).outcome == LockResult::kHeld);
    LockHandle* handle = round % 2 == 0 ? environment.TakeEnded(-1) : locks.WaitUntilDone(index, -1);
    TaskResult result = locks.SettleTask(handle);
    CHECK(result.index == index && result.outcome == round);
    CHECK(locks.WaitUntilDone(index, -1) == nullptr);
    if (round % 2 != 0) LockTable::Discard(environment.TakeEnded(-1));
  }
  // Some are done when the environment ends, and some are not.
  for (int each = 0; each < 5; each++) CHECK(locks.StartTask(new Sum(&sum)) >= 0);
  environment.End();
  CHECK(sum == 25);
}

void AWaitIsFinishedInPlace() {
  for (bool accepts : {true, false}) {
    Environment environment;
    environment.accepts = accepts;
    LockTable& locks = environment.locks;
    std::string path = NewPath();
    int held = environment.Take(path);
    int index = environment.StartWait(path);
    CHECK(locks.WaitUntilDone(index, 0) == nullptr && locks.WaitUntilDone(index, 2) == nullptr);
    CHECK(locks.WaitUntilDone(held, 0) == nullptr && locks.WaitUntilDone(-1, 0) == nullptr);
    CHECK(locks.Release(held, false, false));
    LockResult result = locks.Settle(locks.WaitUntilDone(index, -1));
    CHECK(result.outcome == LockResult::kHeld && result.index == index && locks.FindHeld(index) != nullptr);
    // The call that the thread has queued finds nothing, also after the lock was released and its index used again.
    CHECK(locks.Release(index, false, false));
    CHECK(environment.Take(path) == index);
    if (accepts) LockTable::Discard(environment.TakeEnded(-1));
    CHECK(locks.FindHeld(index) != nullptr && !IsFree(path));
  }
}

void TablesOfOneThreadSeeTheirDeadlock() {
  Environment first;
  std::string path = NewPath();
  const LockRequest request = {path.c_str(), {}};
  first.Take(path);
  {
    Environment second;
    Environment third;
    second.locks.ShareThread(&first.locks);
    third.locks.ShareThread(&second.locks);
    CHECK(second.locks.WaitSync(request, -1).outcome == LockResult::kDeadlock);
    CHECK(third.locks.WaitSync(request, -1).outcome == LockResult::kDeadlock);
    int index = third.Take(NewPath());
    CHECK(third.locks.Release(index, false, false) && first.locks.thread_mate() != nullptr);
  }
  CHECK(first.locks.thread_mate() == nullptr);
}

void CloseCancelsSixtyFourWaits() {
  for (bool accepts : {false, true}) {
    Environment environment;
    environment.accepts = accepts;
    std::string path = NewPath();
    environment.Take(path);
    for (int each = 0; each < WaitThread::kMaxThreads; each++) environment.StartWait(path);
    if (accepts) WaitUntilBlocked(path, WaitThread::kMaxThreads);
    environment.End();
    CHECK(environment.done_count == WaitThread::kMaxThreads && IsFree(path) && CountWaitThreads() == 0);
  }
}

void CloseReleasesGrantsThatNeverSettled() {
  for (bool accepts : {false, true}) {
    Environment environment;
    environment.accepts = accepts;
    std::vector<std::string> paths;
    for (int each = 0; each < 20; each++) {
      paths.push_back(NewPath());
      WriteFile(paths.back(), each % 2 == 0 ? "" : "foreign");
      environment.StartWait(paths.back());
      if (each % 4 == 0) environment.Take(NewPath());
    }
    while (environment.done_count < 20) SleepMs(0.2);
    int busy = environment.StartWait(paths[0]);
    // One more wait, cancelled right before the end.
    CHECK(environment.locks.CancelWait(busy));
    environment.End();
    for (size_t each = 0; each < paths.size(); each++) {
      CHECK(IsFree(paths[each]) && (each % 2 == 0 || ReadFile(paths[each]) == "foreign"));
    }
  }
}

void CloseRacesGrants() {
  for (int round = 0; round < 100; round++) {
    std::string path = NewPath();
    FileLock held(path.c_str(), kRecordStart);
    CHECK(held.Open({}) == LockStatus::kOk && held.Try() == LockStatus::kOk);
    Environment environment;
    environment.accepts = round % 4 != 0;
    for (int each = 0; each < 4; each++) environment.StartWait(path, each % 2 == 0 ? kShared : LockOptions{});
    std::thread releaser([&held] {
      Spin(Random(300));
      held.Release(false);
    });
    Spin(Random(400));
    if (round % 2 == 0) {
      LockHandle* handle = environment.TakeEnded(0);
      if (handle != nullptr) environment.locks.Settle(handle);
    }
    environment.End();
    releaser.join();
    CHECK(IsFree(path));
  }
}

// Counts the holders of a lock among the threads of this process.
struct Owners {
  std::atomic<int> exclusive{0};
  std::atomic<int> shared{0};

  void Enter(LockMode mode) {
    if (mode == LockMode::kExclusive) {
      CHECK(++exclusive == 1 && shared == 0);
    } else {
      ++shared;
      CHECK(exclusive == 0);
    }
  }
  void Leave(LockMode mode) {
    if (mode == LockMode::kExclusive) CHECK(shared == 0);
    --(mode == LockMode::kExclusive ? exclusive : shared);
  }
};

struct Contended {
  std::string path;
  std::string counter;
  Owners owners;
};

void Contend(std::array<Contended, 3>* files, double end_ms, std::atomic<int>* added, std::array<int, 3>* ways) {
  Environment environment;
  LockTable& locks = environment.locks;
  while (MonotonicMs() < end_ms) {
    Contended& file = (*files)[Random(3)];
    LockMode mode = Random(4) == 0 ? LockMode::kShared : LockMode::kExclusive;
    LockRequest request = {file.path.c_str(), {mode, 0666}};
    LockResult result = {LockResult::kBusy};
    uint32_t way = Random(3);
    if (way == 0) {
      result = locks.Try(request);
    } else if (way == 1) {
      result = locks.WaitSync(request, Random(2) == 0 ? -1 : Random(2000) / 1000.0);
    } else {
      int index = environment.StartWait(file.path, request.options, Random(2) * 0.06);
      LockHandle* handle = environment.TakeEnded(Random(2) == 0 ? -1 : Random(2000) / 1000.0);
      result = handle == nullptr ? environment.Cancel(index) : locks.Settle(handle);
    }
    CHECK(result.outcome != LockResult::kFailed);
    if (result.outcome != LockResult::kHeld) continue;
    (*ways)[way]++;
    file.owners.Enter(mode);
    CHECK(locks.FindHeld(result.index)->IsCurrent());
    if (mode == LockMode::kExclusive) {
      AddOne(file.counter);
      ++*added;
    }
    file.owners.Leave(mode);
    CHECK(locks.Release(result.index, Random(2) == 0, Random(2) == 0));
    if (Random(4) == 0) locks.CloseIdle();
    if (Random(50) == 0) SleepMs(WaitThread::kParkedMs - 0.2 + Random(400) / 1000.0);
  }
}

void TwoEnvironmentsAndTwoProcessesContend() {
  std::array<Contended, 3> files;
  for (Contended& file : files) {
    file.path = NewPath();
    file.counter = NewPath();
    WriteFile(file.counter, "0");
  }
  constexpr int kTimesPerChild = 300;
  std::atomic<int> added{0};
  std::array<std::array<int, 3>, 2> ways = {};
  {
    Adder first(files[0].path, files[0].counter, kTimesPerChild);
    Adder second(files[1].path, files[1].counter, kTimesPerChild);
    double end_ms = MonotonicMs() + 4000;
    std::thread thread([&] { Contend(&files, end_ms, &added, &ways[0]); });
    Contend(&files, end_ms, &added, &ways[1]);
    thread.join();
  }
  int sum = 0;
  for (const Contended& file : files) {
    sum += std::stoi(ReadFile(file.counter));
    CHECK(IsFree(file.path));
  }
  CHECK(sum == added + 2 * kTimesPerChild);
  for (const std::array<int, 3>& each : ways) CHECK(each[0] > 0 && each[1] > 0 && each[2] > 0);
  printf("           %d additions by two environments\n", added.load());
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("locks are taken and released", LocksAreTakenAndReleased);
  Run("a released file stays open for the next lock", AReleasedFileStaysOpenForTheNextLock);
  Run("a new record applies to the next lock", ANewRecordAppliesToTheNextLock);
  Run("a wait settles", AWaitSettles);
  Run("a wait is cancelled", AWaitIsCancelled);
  Run("a wait follows the path to a new file", AWaitFollowsThePathToANewFile);
  Run("a blocking wait is granted, times out or is refused", ABlockingWaitEnds);
  Run("a timeout races a grant", ATimeoutRacesAGrant);
  Run("the sixty-fifth wait must poll", TheSixtyFifthWaitMustPoll);
  Run("waits that lost their signal are abandoned", WaitsThatLostTheirSignalAreAbandoned);
  Run("a task runs on a thread", ATaskRunsOnAThread);
  Run("a wait is finished in place", AWaitIsFinishedInPlace);
  Run("tables of one thread see their deadlock", TablesOfOneThreadSeeTheirDeadlock);
  Run("close cancels sixty-four waits", CloseCancelsSixtyFourWaits);
  Run("close releases grants that never settled", CloseReleasesGrantsThatNeverSettled);
  Run("close races grants", CloseRacesGrants);
  Run("two environments and two processes contend", TwoEnvironmentsAndTwoProcessesContend);
  Finish();
}
