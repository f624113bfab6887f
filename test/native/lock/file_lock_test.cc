// FileLock, on real files and with other processes.

#include "lock/file_lock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "check.h"

namespace zjj::test {

namespace {

constexpr char kRecordStart[] = "{\"pid\":7,\"host\":\"here\",\"command\":\"test\",";
constexpr LockOptions kExclusive = {};
constexpr LockOptions kShared = {LockMode::kShared};

LockStatus OpenAndTry(FileLock* lock, const LockOptions& options) {
  LockStatus status = lock->Open(options);
  if (status == LockStatus::kOk) status = lock->Try();
  if (status == LockStatus::kOk) lock->WriteHolder();
  return status;
}

LockStatus TryOnce(const std::string& path, const LockOptions& options) {
  FileLock lock(path.c_str(), kRecordStart);
  return OpenAndTry(&lock, options);
}

std::string Blank() {
  char buffer[kRecordSize];
  FormatBlank(buffer);
  return {buffer, kRecordSize};
}

void AnExclusiveLockExcludesAllOthers() {
  std::string path = NewPath();
  FileLock first(path.c_str(), kRecordStart);
  CHECK(OpenAndTry(&first, kExclusive) == LockStatus::kOk);
  CHECK(TryOnce(path, kExclusive) == LockStatus::kBusy && TryOnce(path, kShared) == LockStatus::kBusy);
  first.Release(false);
  first.Release(false);
  CHECK(OpenAndTry(&first, kShared) == LockStatus::kOk);
  CHECK(TryOnce(path, kExclusive) == LockStatus::kBusy && TryOnce(path, kShared) == LockStatus::kOk);
  first.Release(false);
  {
    Holder holder(path, Holder::kShared);
    CHECK(TryOnce(path, kExclusive) == LockStatus::kBusy && TryOnce(path, kShared) == LockStatus::kOk);
    holder.Release();
  }
  Holder holder(path, Holder::kExclusive);
  CHECK(TryOnce(path, kExclusive) == LockStatus::kBusy && TryOnce(path, kShared) == LockStatus::kBusy);
  holder.Kill();
  CHECK(TryOnce(path, kExclusive) == LockStatus::kOk);
}

FoundState LockAndGetState(const std::string& path, bool clean) {
  FileLock lock(path.c_str(), kRecordStart);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk);
  lock.Release(clean);
  return lock.found_state();
}

void TheNextHolderFindsTheState() {
  std::string path = NewPath();
  CHECK(LockAndGetState(path, true) == FoundState::kCreated);
  CHECK(LockAndGetState(path, true) == FoundState::kClean);
  CHECK(LockAndGetState(path, false) == FoundState::kClean);
  CHECK(LockAndGetState(path, true) == FoundState::kUnclean);
  Holder holder(path, Holder::kExclusive);
  holder.Kill();
  CHECK(ReadFile(path).substr(0, 7) == "{\"pid\":");
  // A shared holder blanks the record of a dead holder.
  CHECK(TryOnce(path, kShared) == LockStatus::kOk);
  CHECK(ReadFile(path) == Blank());
  CHECK(LockAndGetState(path, true) == FoundState::kUnclean);
}

void AHolderLeavesARecordUntilItReleases() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecordStart);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && lock.has_record());
  CHECK(ReadFile(path).size() == kRecordSize && ReadFile(path).substr(0, sizeof(kRecordStart) - 1) == kRecordStart);
  lock.Release(false);
  CHECK(ReadFile(path) == Blank());
}

void ForeignDataIsNeverOverwritten() {
  std::string mark = Blank();
  for (const std::string& text : {std::string("x"), std::string("#!/bin/sh\n"), std::string(kRecordSize, 'y'),
                                  std::string(1000, 'z'), mark.substr(1), "{\"pid\":" + std::string(400, '1')}) {
    std::string path = NewPath();
    WriteFile(path, text);
    for (const LockOptions& options : {kExclusive, kShared}) {
      for (bool clean : {false, true}) {
        FileLock lock(path.c_str(), kRecordStart);
        CHECK(OpenAndTry(&lock, options) == LockStatus::kOk && !lock.has_record());
        CHECK(!lock.Unlock(clean));
        // Releases without WriteHolder(), as the end of an environment does.
        Cancellation none;
        CHECK(lock.Open(options) == LockStatus::kOk && lock.Wait(none) == LockStatus::kOk);
        lock.Release(clean);
        CHECK(ReadFile(path) == text);
      }
    }
  }
}

void AFileLeftOpenIsReused() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecordStart);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && lock.Unlock(true));
  CHECK(TryOnce(path, kExclusive) == LockStatus::kOk);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && lock.found_state() == FoundState::kUnclean);
  CHECK(lock.Unlock(true) && OpenAndTry(&lock, kExclusive) == LockStatus::kOk);
  CHECK(lock.found_state() == FoundState::kClean);
  CHECK(lock.Unlock(false) && OpenAndTry(&lock, kShared) == LockStatus::kOk && !lock.has_record());
  CHECK(TryOnce(path, kShared) == LockStatus::kOk);
  CHECK(lock.Unlock(false) && ReadFile(path) == Blank());
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && IsRecord(ReadFile(path).c_str()));
  CHECK(lock.Unlock(false));
  Holder holder(path, Holder::kExclusive);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kBusy);
}

// Someone changes the file while nobody holds the lock.
void AFileLeftOpenIsCheckedBeforeReuse() {
  const std::string foreign = "data";
  for (bool waits : {false, true}) {
    auto take = [waits](FileLock* lock) {
      CHECK(lock->Open(kExclusive) == LockStatus::kOk);
      Cancellation none;
      CHECK((waits ? lock->Wait(none) : lock->Try()) == LockStatus::kOk);
      lock->WriteHolder();
      CHECK(lock->IsCurrent());
    };
    std::string path = NewPath();
    FileLock lock(path.c_str(), kRecordStart);
    take(&lock);
    CHECK(lock.Unlock(false));
    // Removed.
    CHECK(unlink(path.c_str()) == 0);
    take(&lock);
    CHECK(IsRecord(ReadFile(path).c_str()) && lock.found_state() == FoundState::kCreated && lock.Unlock(false));
    // Replaced.
    std::string other = NewPath();
    WriteFile(other, foreign);
    CHECK(rename(other.c_str(), path.c_str()) == 0);
    take(&lock);
    CHECK(!lock.Unlock(false) && ReadFile(path) == foreign);
    // Overwritten in place.
    WriteFile(path, "");
    take(&lock);
    CHECK(lock.Unlock(false));
    WriteFile(path, foreign);
    take(&lock);
    lock.Release(false);
    CHECK(ReadFile(path) == foreign);
    // Replaced by a directory.
    WriteFile(path, "");
    take(&lock);
    CHECK(lock.Unlock(false) && unlink(path.c_str()) == 0 && mkdir(path.c_str(), 0777) == 0);
    CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kInvalid);
  }
}

void OnlyRegularFilesAreValid() {
  std::string path = NewPath();
  CHECK(mkdir(path.c_str(), 0777) == 0 && TryOnce(path, kExclusive) == LockStatus::kInvalid);
  path = NewPath();
  CHECK(mkfifo(path.c_str(), 0666) == 0 && TryOnce(path, kShared) == LockStatus::kInvalid);
  path = NewPath();
  CHECK(symlink("nowhere", path.c_str()) == 0 && TryOnce(path, kExclusive) == LockStatus::kInvalid);
  CHECK(TryOnce("/dev/null", kExclusive) == LockStatus::kInvalid);
  FileLock nowhere((NewPath() + "/x").c_str(), kRecordStart);
  CHECK(nowhere.Open(kExclusive) == LockStatus::kFailed);
  CHECK(nowhere.error().number == ENOENT && strcmp(nowhere.error().call, "open") == 0);
  FileLock too_long(("/" + std::string(5000, 'x')).c_str(), kRecordStart);
  CHECK(too_long.Open(kExclusive) == LockStatus::kFailed);
  CHECK(too_long.error().number == ENAMETOOLONG && strcmp(too_long.error().call, "lstat") == 0);
}

void AReadOnlyFileCanBeLocked() {
  std::string path = NewPath();
  WriteFile(path, "");
  CHECK(chmod(path.c_str(), 0444) == 0);
  bool is_root = geteuid() == 0;
  if (is_root) CHECK(seteuid(65534) == 0);
  FileLock lock(path.c_str(), kRecordStart);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && !lock.has_record());
  CHECK(TryOnce(path, kShared) == LockStatus::kBusy);
  CHECK(!lock.Unlock(true));
  if (is_root) CHECK(seteuid(0) == 0);
  CHECK(ReadFile(path).empty());
}

void AForkedChildDoesNotKeepTheLock() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecordStart);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk);
  int pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    for (;;) pause();
  }
  lock.Release(false);
  CHECK(TryOnce(path, kExclusive) == LockStatus::kOk);
  CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, nullptr, 0) == pid);
}

void ALockCancelledBeforeItsWaitIsClosed() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecordStart);
  int before = CountDescriptors();
  CHECK(lock.Open(kExclusive) == LockStatus::kOk);
  Cancellation cancellation;
  cancellation.requested = true;
  CHECK(lock.Wait(cancellation) == LockStatus::kCancelled && CountDescriptors() == before);
  CHECK(TryOnce(path, kExclusive) == LockStatus::kOk);
}

void AnOpenFileHasTheRequestedModeAndCanBeChanged() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecordStart);
  CHECK(OpenAndTry(&lock, {LockMode::kExclusive, 0600}) == LockStatus::kOk);
  struct stat st;
  CHECK(stat(path.c_str(), &st) == 0 && (st.st_mode & 0777) == 0600);
  CHECK(lock.Chown(geteuid(), getegid()));
  // Even if a link at the path leads elsewhere by now.
  std::string moved = NewPath();
  std::string other = NewPath();
  WriteFile(other, "");
  CHECK(chmod(other.c_str(), 0644) == 0 && rename(path.c_str(), moved.c_str()) == 0);
  CHECK(symlink(other.c_str(), path.c_str()) == 0 && lock.Chmod(0660));
  CHECK(stat(moved.c_str(), &st) == 0 && (st.st_mode & 07777) == 0660);
  CHECK(stat(other.c_str(), &st) == 0 && (st.st_mode & 07777) == 0644);
}

void ALockKnowsWhetherThePathStillNamesItsFile() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecordStart);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && lock.IsCurrent());
  CHECK(rename(path.c_str(), NewPath().c_str()) == 0 && !lock.IsCurrent());
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("an exclusive lock excludes all others, and shared locks coexist", AnExclusiveLockExcludesAllOthers);
  Run("the next holder finds the state that the last one left", TheNextHolderFindsTheState);
  Run("an exclusive holder leaves a record until it releases", AHolderLeavesARecordUntilItReleases);
  Run("foreign data is never overwritten", ForeignDataIsNeverOverwritten);
  Run("a file left open is reused", AFileLeftOpenIsReused);
  Run("a file left open is checked before it is reused", AFileLeftOpenIsCheckedBeforeReuse);
  Run("only regular files are valid", OnlyRegularFilesAreValid);
  Run("a read-only file can be locked", AReadOnlyFileCanBeLocked);
  Run("a forked child does not keep the lock", AForkedChildDoesNotKeepTheLock);
  Run("a lock cancelled before its wait is closed", ALockCancelledBeforeItsWaitIsClosed);
  Run("an open file has the requested mode; owner and mode can be changed",
      AnOpenFileHasTheRequestedModeAndCanBeChanged);
  Run("a lock knows whether the path still names its file", ALockKnowsWhetherThePathStillNamesItsFile);
  Finish();
}
