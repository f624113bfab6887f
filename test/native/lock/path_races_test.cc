// FileLock, while someone changes its path between two of its system calls, and when a system call fails.

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "check.h"
#include "lock/file_lock.h"
#include "system_calls.h"

namespace zjj::test {

namespace {

constexpr char kRecordStart[] = "{\"pid\":7,\"host\":\"here\",\"command\":\"test\",";
constexpr LockOptions kExclusive = {};

// More than FileLock tries.
constexpr int kForEver = 100000;

LockStatus Try(FileLock* lock) {
  LockStatus status = lock->Open(kExclusive);
  if (status == LockStatus::kOk) status = lock->Try();
  if (status == LockStatus::kOk) lock->WriteHolder();
  return status;
}

LockStatus Wait(FileLock* lock) {
  Cancellation none;
  LockStatus status = lock->Open(kExclusive);
  if (status == LockStatus::kOk) status = lock->Wait(none);
  if (status == LockStatus::kOk) lock->WriteHolder();
  return status;
}

void AFilePutThereBeforeItIsCreatedIsNotOurs() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecordStart);
  // O_EXCL: otherwise it would count as created.
  Before(kOpen, [&path] { WriteFile(path, ""); });
  CHECK(Try(&lock) == LockStatus::kOk && lock.found_state() == FoundState::kUnclean);
}

void AFileRemovedBeforeItIsOpenedIsCreated() {
  std::string path = NewPath();
  WriteFile(path, "");
  FileLock lock(path.c_str(), kRecordStart);
  Before(kOpen, [&path] { CHECK(unlink(path.c_str()) == 0); });
  CHECK(Try(&lock) == LockStatus::kOk && lock.found_state() == FoundState::kCreated);
}

void ALinkPutThereBeforeItIsOpenedIsNotFollowed() {
  for (bool exists : {true, false}) {
    std::string path = NewPath();
    std::string target = NewPath();
    WriteFile(target, "");
    if (exists) WriteFile(path, "");
    FileLock lock(path.c_str(), kRecordStart);
    Before(kOpen, [&] {
      if (exists) CHECK(unlink(path.c_str()) == 0);
      CHECK(symlink(target.c_str(), path.c_str()) == 0);
    });
    CHECK(Try(&lock) == LockStatus::kInvalid && ReadFile(target).empty());
  }
}

void AFifoPutThereBeforeItIsOpenedIsRefused() {
  std::string path = NewPath();
  WriteFile(path, "");
  FileLock lock(path.c_str(), kRecordStart);
  Before(kOpen, [&path] { CHECK(unlink(path.c_str()) == 0 && mkfifo(path.c_str(), 0666) == 0); });
  CHECK(Try(&lock) == LockStatus::kInvalid);
  // Opening it only for reading hangs without O_NONBLOCK.
  if (geteuid() != 0) return;
  path = NewPath();
  WriteFile(path, "");
  FileLock reader(path.c_str(), kRecordStart);
  Before(kOpen, [&path] { CHECK(unlink(path.c_str()) == 0 && mkfifo(path.c_str(), 0444) == 0); });
  CHECK(seteuid(65534) == 0);
  LockStatus status = Try(&reader);
  CHECK(seteuid(0) == 0 && status == LockStatus::kInvalid);
}

// Opens that read only succeed for a directory.
void ADirectoryPutThereBeforeItIsOpenedIsRefused() {
  std::string path = NewPath();
  WriteFile(path, "");
  FileLock lock(path.c_str(), kRecordStart);
  FailNext(kOpen, EACCES, 1);
  Before(kOpen, [&path] { CHECK(unlink(path.c_str()) == 0 && mkdir(path.c_str(), 0777) == 0); });
  CHECK(Try(&lock) == LockStatus::kInvalid);
}

void AFileReplacedBeforeItIsLockedIsGivenUp() {
  for (LockStatus (*take)(FileLock*) : {Try, Wait}) {
    std::string path = NewPath();
    FileLock lock(path.c_str(), kRecordStart);
    Before(kFlock, [&path] { CHECK(unlink(path.c_str()) == 0); });
    CHECK(take(&lock) == LockStatus::kOk && lock.IsCurrent() && lock.found_state() == FoundState::kCreated);
    CHECK(IsRecord(ReadFile(path).c_str()));
  }
}

void ACallThatFailsForAMomentIsRepeated() {
  for (SystemCall call : {kOpen, kFlock, kLstat, kFstat}) {
    for (bool exists : {false, true}) {
      for (LockStatus (*take)(FileLock*) : {Try, Wait}) {
        // If the last lstat(), which compares the path, fails, FileLock starts over.
        for (int times : {1, 3}) {
          std::string path = NewPath();
          if (exists) WriteFile(path, "");
          FileLock lock(path.c_str(), kRecordStart);
          FailNext(call, call == kFlock || times == 1 ? EINTR : ESTALE, times);
          CHECK(take(&lock) == LockStatus::kOk && lock.IsCurrent());
          FailNext(kFlock, EINTR, times);
          CHECK(lock.Unlock(false));
          FileLock other(path.c_str(), kRecordStart);
          CHECK(Try(&other) == LockStatus::kOk);
        }
      }
    }
  }
}

// Nothing on the thread of an event loop may repeat for ever.
void ACallThatFailsForEverEndsIt() {
  for (SystemCall call : {kOpen, kFlock, kLstat, kFstat}) {
    std::string path = NewPath();
    WriteFile(path, "");
    FileLock lock(path.c_str(), kRecordStart);
    CountFrom(call);
    FailNext(call, EINTR, kForEver);
    LockStatus status = Try(&lock);
    FailNext(call, 0, 0);
    CHECK(status == LockStatus::kUnstable && lock.error().number == EINTR && CallsOf(call) >= 100);
    CHECK(Try(&lock) == LockStatus::kOk);
    // Unlocking: the file is closed instead.
    FailNext(kFlock, EINTR, kForEver);
    CHECK(!lock.Unlock(false));
    FailNext(kFlock, 0, 0);
    CHECK(Try(&lock) == LockStatus::kOk);
  }
}

void AnEntryThatCannotBeOpenedEndsIt() {
  for (bool exists : {true, false}) {
    std::string path = NewPath();
    if (exists) WriteFile(path, "");
    FileLock lock(path.c_str(), kRecordStart);
    FailNext(kOpen, exists ? ENOENT : EEXIST, kForEver);
    LockStatus status = Try(&lock);
    FailNext(kOpen, 0, 0);
    CHECK(status == LockStatus::kUnstable && lock.error().number == (exists ? ENOENT : EEXIST));
  }
}

void ReplaceAtEachTurn(const std::string& path) {
  Before(kFlock, [path] {
    unlink(path.c_str());
    ReplaceAtEachTurn(path);
  });
}

void APathThatChangesAtEachTurnEndsIt() {
  for (LockStatus (*take)(FileLock*) : {Try, Wait}) {
    std::string path = NewPath();
    FileLock lock(path.c_str(), kRecordStart);
    ReplaceAtEachTurn(path);
    LockStatus status = take(&lock);
    Before(kFlock, nullptr);
    CHECK(status == LockStatus::kUnstable && lock.error().number == ESTALE);
    CHECK(take(&lock) == LockStatus::kOk);
  }
}

// EWOULDBLOCK of open(2), as for a file that a file server has leased.
void ALeasedFileIsBusy() {
  std::string path = NewPath();
  WriteFile(path, "");
  FileLock lock(path.c_str(), kRecordStart);
  FailNext(kOpen, EWOULDBLOCK, 1);
  CHECK(lock.Open(kExclusive) == LockStatus::kBusy);
  FailNext(kOpen, EWOULDBLOCK, 2);
  Cancellation none;
  CHECK(lock.Wait(none) == LockStatus::kOk && lock.waited());
  lock.Release(false);
  FailNext(kOpen, EWOULDBLOCK, 1);
  CHECK(lock.Open(kExclusive) == LockStatus::kBusy);
  Cancellation cancelled;
  cancelled.requested = true;
  CHECK(lock.Wait(cancelled) == LockStatus::kCancelled);
}

void ARunningProgramIsOpenedForReading() {
  std::string path = NewPath();
  WriteFile(path, "");
  FileLock lock(path.c_str(), kRecordStart);
  FailNext(kOpen, ETXTBSY, 1);
  CHECK(Try(&lock) == LockStatus::kOk && !lock.has_record());
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("a file put there before it is created is not ours", AFilePutThereBeforeItIsCreatedIsNotOurs);
  Run("a file removed before it is opened is created", AFileRemovedBeforeItIsOpenedIsCreated);
  Run("a link put there before it is opened is not followed", ALinkPutThereBeforeItIsOpenedIsNotFollowed);
  Run("a FIFO put there before it is opened is refused", AFifoPutThereBeforeItIsOpenedIsRefused);
  Run("a directory put there before it is opened is refused", ADirectoryPutThereBeforeItIsOpenedIsRefused);
  Run("a file replaced before it is locked is given up", AFileReplacedBeforeItIsLockedIsGivenUp);
  Run("a call that fails for a moment is repeated", ACallThatFailsForAMomentIsRepeated);
  Run("a call that fails for ever ends it", ACallThatFailsForEverEndsIt);
  Run("an entry that cannot be opened ends it", AnEntryThatCannotBeOpenedEndsIt);
  Run("a path that changes at each turn ends it", APathThatChangesAtEachTurnEndsIt);
  Run("a leased file is busy", ALeasedFileIsBusy);
  Run("a running program is opened for reading", ARunningProgramIsOpenedForReading);
  Finish();
}
