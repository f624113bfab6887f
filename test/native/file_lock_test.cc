// FileLock and the record, with real files and other processes.

#include "file_lock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include "check.h"

namespace zjj::test {

namespace {

constexpr char kRecord[] = "{\"pid\":7,\"host\":\"here\",\"command\":\"test\",";
constexpr LockOptions kExclusive = {};
constexpr LockOptions kShared = {LockMode::kShared};
constexpr LockOptions kReadsState = {LockMode::kExclusive, 0666, true};

LockStatus OpenAndTry(FileLock* lock, const LockOptions& options) {
  LockStatus status = lock->Open(options);
  if (status == LockStatus::kOk) status = lock->Try();
  if (status == LockStatus::kOk) lock->Record();
  return status;
}

LockStatus TryOnce(const std::string& path, const LockOptions& options) {
  FileLock lock(path.c_str(), kRecord);
  return OpenAndTry(&lock, options);
}

std::string Blank() {
  char buffer[kRecordSize];
  FormatBlank(buffer);
  return {buffer, kRecordSize};
}

void CheckTime(int64_t unix_ms) {
  char buffer[kRecordSize];
  FormatRecord(buffer, "{\"pid\":1,", unix_ms);
  auto seconds = static_cast<time_t>(unix_ms / 1000);
  struct tm utc;
  CHECK(gmtime_r(&seconds, &utc) != nullptr);
  char expected[128];
  size_t length = strftime(expected, sizeof(expected), "{\"pid\":1,\"since\":\"%Y-%m-%dT%H:%M:%S.", &utc);
  std::string text(expected, length);
  std::string ms = std::to_string(unix_ms % 1000);
  text += std::string(3 - ms.size(), '0') + ms + "Z\"}";
  std::string whole(buffer, kRecordSize);
  CHECK(whole.substr(0, text.size()) == text);
  CHECK(whole.find_first_not_of(' ', text.size()) == kRecordSize - 1);
  CHECK(whole.back() == '\n');
  CHECK(IsRecord(buffer) && !IsBlank(buffer) && !IsCleanMark(buffer));
}

void TimesAreThoseOfTheCalendar() {
  constexpr int64_t kDayMs = 86400000;
  constexpr int64_t kEndOf9999 = 253402300799999;
  for (int64_t ms : {INT64_C(0), INT64_C(1), INT64_C(999), kDayMs - 1, kDayMs, kEndOf9999}) CheckTime(ms);
  // The ends of February and of the year, of every year, and days between them.
  int64_t year_start = 0;
  for (int year = 1970; year < 2410; year++) {
    bool leaps = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t march = year_start + (leaps ? 60 : 59) * kDayMs;
    int64_t next = year_start + (leaps ? 366 : 365) * kDayMs;
    for (int64_t at : {year_start, march - 2 * kDayMs, march - kDayMs, march, next - kDayMs, next}) {
      CheckTime(at);
      if (at > 0) CheckTime(at - 1);
      CheckTime(at + Random(static_cast<uint32_t>(kDayMs)));
    }
    year_start = next;
  }
  for (int64_t at = 0; at < kEndOf9999; at += 293 * kDayMs + 7654321) CheckTime(at);
}

void ARecordThatDoesNotFitIsLeftOut() {
  // ,"since":"2026-11-23T06:32:09.123Z"} and the line end.
  constexpr size_t kRest = 9 + 24 + 2 + 1;
  char buffer[kRecordSize];
  for (size_t length = 0; length < 2 * kRecordSize; length++) {
    std::string record(length, 'x');
    FormatRecord(buffer, record.c_str(), 0);
    std::string text(buffer, kRecordSize);
    if (length + kRest <= kRecordSize) {
      CHECK(text.substr(0, length + 9) == record + "\"since\":\"");
    } else {
      CHECK(text == Blank());
    }
    CHECK(text.back() == '\n');
  }
}

void MarksAreToldApart() {
  char buffer[kRecordSize];
  FormatBlank(buffer);
  CHECK(IsBlank(buffer) && !IsRecord(buffer) && !IsCleanMark(buffer));
  FormatCleanMark(buffer, UnixMs());
  CHECK(IsCleanMark(buffer) && !IsRecord(buffer) && !IsBlank(buffer));
  memset(buffer, ' ', kRecordSize);
  CHECK(!IsBlank(buffer) && !IsRecord(buffer) && !IsCleanMark(buffer));
}

void OneExclusiveOrManyShared() {
  std::string path = NewPath();
  FileLock first(path.c_str(), kRecord);
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

FoundState FoundBy(const std::string& path, bool clean) {
  FileLock lock(path.c_str(), kRecord);
  CHECK(OpenAndTry(&lock, kReadsState) == LockStatus::kOk);
  lock.Release(clean);
  return lock.found();
}

void TheStateIsFound() {
  std::string path = NewPath();
  CHECK(FoundBy(path, true) == FoundState::kCreated);
  CHECK(FoundBy(path, true) == FoundState::kClean);
  CHECK(FoundBy(path, false) == FoundState::kClean);
  CHECK(FoundBy(path, true) == FoundState::kUnclean);
  Holder holder(path, Holder::kExclusive);
  holder.Kill();
  CHECK(ReadFile(path).substr(0, 7) == "{\"pid\":");
  // A shared holder blanks the record of the dead.
  CHECK(TryOnce(path, kShared) == LockStatus::kOk);
  CHECK(ReadFile(path) == Blank());
  CHECK(FoundBy(path, true) == FoundState::kUnclean);
}

void TheRecordIsThere() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecord);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && lock.has_record());
  CHECK(ReadFile(path).size() == kRecordSize && ReadFile(path).substr(0, sizeof(kRecord) - 1) == kRecord);
  lock.Release(false);
  CHECK(ReadFile(path) == Blank());
}

void ForeignDataIsLeftAlone() {
  std::string mark = Blank();
  for (const std::string& text : {std::string("x"), std::string("#!/bin/sh\n"), std::string(kRecordSize, 'y'),
                                  std::string(1000, 'z'), mark.substr(1), "{\"pid\":" + std::string(400, '1')}) {
    std::string path = NewPath();
    WriteFile(path, text);
    for (const LockOptions& options : {kExclusive, kShared, kReadsState}) {
      for (bool clean : {false, true}) {
        FileLock lock(path.c_str(), kRecord);
        CHECK(OpenAndTry(&lock, options) == LockStatus::kOk && !lock.has_record());
        CHECK(!lock.Unlock(clean));
        // Given back without a look at what the file holds, as at the end of an environment.
        Cancellation none;
        CHECK(lock.Open(options) == LockStatus::kOk && lock.Wait(none) == LockStatus::kOk);
        lock.Release(clean);
        CHECK(ReadFile(path) == text);
      }
    }
  }
}

void AFileLeftOpenIsUsedAgain() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecord);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && lock.Unlock(true));
  CHECK(TryOnce(path, kExclusive) == LockStatus::kOk);
  CHECK(OpenAndTry(&lock, kReadsState) == LockStatus::kOk && lock.found() == FoundState::kUnclean);
  CHECK(lock.Unlock(true) && OpenAndTry(&lock, kReadsState) == LockStatus::kOk);
  CHECK(lock.found() == FoundState::kClean);
  CHECK(lock.Unlock(false) && OpenAndTry(&lock, kShared) == LockStatus::kOk && !lock.has_record());
  CHECK(TryOnce(path, kShared) == LockStatus::kOk);
  CHECK(lock.Unlock(false) && ReadFile(path) == Blank());
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && IsRecord(ReadFile(path).c_str()));
  CHECK(lock.Unlock(false));
  Holder holder(path, Holder::kExclusive);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kBusy);
}

// What somebody does to the file while nobody holds it.
void AFileLeftOpenMayBeAnother() {
  const std::string foreign = "data";
  for (bool waits : {false, true}) {
    auto take = [waits](FileLock* lock) {
      CHECK(lock->Open(kExclusive) == LockStatus::kOk);
      Cancellation none;
      CHECK((waits ? lock->Wait(none) : lock->Try()) == LockStatus::kOk);
      lock->Record();
      CHECK(lock->IsCurrent());
    };
    std::string path = NewPath();
    FileLock lock(path.c_str(), kRecord);
    take(&lock);
    CHECK(lock.Unlock(false));
    // Removed.
    CHECK(unlink(path.c_str()) == 0);
    take(&lock);
    CHECK(IsRecord(ReadFile(path).c_str()) && lock.found() == FoundState::kCreated && lock.Unlock(false));
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
    // A directory now.
    WriteFile(path, "");
    take(&lock);
    CHECK(lock.Unlock(false) && unlink(path.c_str()) == 0 && mkdir(path.c_str(), 0777) == 0);
    CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kInvalid);
  }
}

void WhatIsNoFileIsInvalid() {
  std::string path = NewPath();
  CHECK(mkdir(path.c_str(), 0777) == 0 && TryOnce(path, kExclusive) == LockStatus::kInvalid);
  path = NewPath();
  CHECK(mkfifo(path.c_str(), 0666) == 0 && TryOnce(path, kShared) == LockStatus::kInvalid);
  path = NewPath();
  CHECK(symlink("nowhere", path.c_str()) == 0 && TryOnce(path, kExclusive) == LockStatus::kInvalid);
  CHECK(TryOnce("/dev/null", kExclusive) == LockStatus::kInvalid);
  FileLock nowhere((NewPath() + "/x").c_str(), kRecord);
  CHECK(nowhere.Open(kExclusive) == LockStatus::kFailed);
  CHECK(nowhere.error().number == ENOENT && strcmp(nowhere.error().call, "open") == 0);
  FileLock too_long(("/" + std::string(5000, 'x')).c_str(), kRecord);
  CHECK(too_long.Open(kExclusive) == LockStatus::kFailed);
  CHECK(too_long.error().number == ENAMETOOLONG && strcmp(too_long.error().call, "lstat") == 0);
}

void AFileToBeReadOnlyIsLockedAsWell() {
  std::string path = NewPath();
  WriteFile(path, "");
  CHECK(chmod(path.c_str(), 0444) == 0);
  bool is_root = geteuid() == 0;
  if (is_root) CHECK(seteuid(65534) == 0);
  FileLock lock(path.c_str(), kRecord);
  CHECK(OpenAndTry(&lock, kExclusive) == LockStatus::kOk && !lock.has_record());
  CHECK(TryOnce(path, kShared) == LockStatus::kBusy);
  CHECK(!lock.Unlock(true));
  if (is_root) CHECK(seteuid(0) == 0);
  CHECK(ReadFile(path).empty());
}

void AChildBeforeExecKeepsNoLock() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecord);
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

void OneThatIsCancelledBeforeItWaitsIsClosed() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecord);
  int before = CountDescriptors();
  CHECK(lock.Open(kExclusive) == LockStatus::kOk);
  Cancellation cancellation;
  cancellation.requested = true;
  CHECK(lock.Wait(cancellation) == LockStatus::kCancelled && CountDescriptors() == before);
  CHECK(TryOnce(path, kExclusive) == LockStatus::kOk);
}

void ItIsGivenToAUserAndKnowsItsFile() {
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecord);
  CHECK(OpenAndTry(&lock, {LockMode::kExclusive, 0600, false}) == LockStatus::kOk);
  struct stat st;
  CHECK(stat(path.c_str(), &st) == 0 && (st.st_mode & 0777) == 0600);
  CHECK(lock.GiveTo(geteuid(), getegid()) && lock.IsCurrent());
  CHECK(rename(path.c_str(), NewPath().c_str()) == 0 && !lock.IsCurrent());
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("times are those of the calendar", TimesAreThoseOfTheCalendar);
  Run("a record that does not fit is left out", ARecordThatDoesNotFitIsLeftOut);
  Run("marks are told apart", MarksAreToldApart);
  Run("one exclusive or many shared", OneExclusiveOrManyShared);
  Run("the state is found", TheStateIsFound);
  Run("the record is there", TheRecordIsThere);
  Run("foreign data is left alone", ForeignDataIsLeftAlone);
  Run("a file left open is used again", AFileLeftOpenIsUsedAgain);
  Run("a file left open may be another", AFileLeftOpenMayBeAnother);
  Run("what is no file is invalid", WhatIsNoFileIsInvalid);
  Run("a file to be read only is locked as well", AFileToBeReadOnlyIsLockedAsWell);
  Run("a child before exec keeps no lock", AChildBeforeExecKeepsNoLock);
  Run("one that is cancelled before it waits is closed", OneThatIsCancelledBeforeItWaitsIsClosed);
  Run("it is given to a user and knows its file", ItIsGivenToAUserAndKnowsItsFile);
  Finish();
}
