// FileLock never overwrites what someone else wrote, whatever the file's name is and whenever it was written.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "check.h"
#include "lock/file_lock.h"

namespace zjj::test {

namespace {

constexpr char kRecordStart[] = "{\"pid\":7,\"host\":\"here\",\"command\":\"test\",";
constexpr LockOptions kExclusive = {};
constexpr LockOptions kShared = {LockMode::kShared};

// Returns a path without the name of a lock file.
std::string NewDataPath() { return NewPath() + ".json"; }

void Take(FileLock* lock, const LockOptions& options) {
  CHECK(lock->Open(options) == LockStatus::kOk && lock->Try() == LockStatus::kOk);
  lock->WriteHolder();
}

// Locks and releases the file in every way, and checks that it stays as it is.
void CheckNeverWritten(const std::string& path) {
  std::string text = ReadFile(path);
  for (const LockOptions& options : {kExclusive, kShared}) {
    for (bool clean : {false, true}) {
      FileLock lock(path.c_str(), kRecordStart);
      Take(&lock, options);
      CHECK(!lock.has_record() && lock.found_state() != FoundState::kClean);
      CHECK(ReadFile(path) == text);
      CHECK(!lock.Unlock(clean) && ReadFile(path) == text);
      // Releases without WriteHolder(), as the end of an environment does.
      Cancellation none;
      CHECK(lock.Open(options) == LockStatus::kOk && lock.Wait(none) == LockStatus::kOk);
      lock.Release(clean);
      CHECK(ReadFile(path) == text);
    }
  }
}

void WriteAt(const std::string& path, off_t offset, const std::string& text) {
  int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  CHECK(fd >= 0 && pwrite(fd, text.data(), text.size(), offset) == static_cast<ssize_t>(text.size()));
  close(fd);
}

void Append(const std::string& path, const std::string& text) {
  struct stat st;
  CHECK(stat(path.c_str(), &st) == 0);
  WriteAt(path, st.st_size, text);
}

void ReplaceBy(const std::string& path, const std::string& text) {
  std::string other = NewPath();
  WriteFile(other, text);
  CHECK(rename(other.c_str(), path.c_str()) == 0);
}

// Each leaves data that must be kept.
using Change = void (*)(const std::string& path);
const std::vector<Change> kChanges = {
    [](const std::string& path) { WriteFile(path, R"({"a":1})"); },
    [](const std::string& path) { WriteFile(path, std::string(kRecordSize, 'x')); },
    [](const std::string& path) { WriteFile(path, std::string(10 * kRecordSize, 'x')); },
    [](const std::string& path) { Append(path, "\n"); },
    [](const std::string& path) { Append(path, "appended"); },
    [](const std::string& path) { Append(path, std::string(kRecordSize, 'x')); },
    [](const std::string& path) { WriteAt(path, 0, "data"); },
    [](const std::string& path) { WriteAt(path, 40, "data"); },
    [](const std::string& path) { WriteAt(path, kRecordSize - 1, "x"); },
    [](const std::string& path) { WriteAt(path, 1000, "x"); },
    [](const std::string& path) { ReplaceBy(path, R"({"a":1})"); },
    [](const std::string& path) { ReplaceBy(path, std::string(kRecordSize, 'x')); },
    [](const std::string& path) { CHECK(truncate(path.c_str(), 100) == 0); },
    [](const std::string& path) { CHECK(truncate(path.c_str(), kRecordSize - 1) == 0); },
    [](const std::string& path) { CHECK(truncate(path.c_str(), kRecordSize + 1) == 0); },
};

void AFileWithAnotherNameIsNeverWritten() {
  char record[kRecordSize], mark[kRecordSize], blank[kRecordSize];
  FormatRecord(record, kRecordStart, 0);
  FormatCleanMark(mark, 0);
  FormatBlank(blank);
  for (const std::string& text : {std::string(), std::string("{}"), std::string(record, kRecordSize),
                                  std::string(mark, kRecordSize), std::string(blank, kRecordSize)}) {
    std::string path = NewDataPath();
    WriteFile(path, text);
    CheckNeverWritten(path);
  }
  for (const char* name : {".LOCK", ".lock~", ".lock.1", "lock"}) {
    std::string path = NewPath() + name;
    FileLock lock(path.c_str(), kRecordStart);
    Take(&lock, kExclusive);
    CHECK(!lock.has_record() && lock.found_state() == FoundState::kCreated && ReadFile(path).empty());
    CHECK(!lock.Unlock(true) && ReadFile(path).empty());
    CheckNeverWritten(path);
  }
}

void ALockFileWithOtherContentIsNeverWritten() {
  char record[kRecordSize], mark[kRecordSize], blank[kRecordSize];
  FormatRecord(record, kRecordStart, 0);
  FormatCleanMark(mark, 0);
  FormatBlank(blank);
  for (const std::string& whole :
       {std::string(record, kRecordSize), std::string(mark, kRecordSize), std::string(blank, kRecordSize)}) {
    for (Change change : kChanges) {
      std::string path = NewPath();
      WriteFile(path, whole);
      change(path);
      CheckNeverWritten(path);
    }
  }
  // Lines of a fixed width, each of which begins like a record.
  std::string line = R"({"pid":1,"host":"h","command":"c","size":12})";
  line += std::string(kRecordSize - 1 - line.size(), ' ') + "\n";
  for (int lines : {1, 2, 20}) {
    std::string path = NewPath();
    std::string text;
    for (int count = 0; count < lines; count++) text += line;
    WriteFile(path, text);
    CheckNeverWritten(path);
  }
}

enum class Ending : uint8_t { kRelease, kUnlock, kDelete };

// `prior_holds`: how often the same FileLock has held the lock before, and has kept the file open.
void CheckDataWrittenWhileHeld(const std::string& path, Change change, int prior_holds, bool clean, Ending ending) {
  auto* lock = new FileLock(path.c_str(), kRecordStart);
  for (int hold = 0; hold < prior_holds; hold++) {
    Take(lock, kExclusive);
    CHECK(lock->Unlock(clean));
  }
  Take(lock, kExclusive);
  change(path);
  std::string text = ReadFile(path);
  if (ending == Ending::kRelease) lock->Release(clean);
  if (ending == Ending::kUnlock) lock->Unlock(clean);
  if (ending == Ending::kDelete) delete lock;
  CHECK(ReadFile(path) == text);
  if (ending != Ending::kDelete) {
    Take(lock, kExclusive);
    CHECK(ReadFile(path) == text);
    delete lock;
    CHECK(ReadFile(path) == text);
  }
  CheckNeverWritten(path);
}

void DataWrittenWhileHeldStays() {
  for (Change change : kChanges) {
    for (bool clean : {false, true}) {
      for (Ending ending : {Ending::kRelease, Ending::kUnlock, Ending::kDelete}) {
        for (int prior_holds : {0, 2}) CheckDataWrittenWhileHeld(NewPath(), change, prior_holds, clean, ending);
        std::string path = NewDataPath();
        WriteFile(path, std::string(kRecordSize, 'x'));
        CheckDataWrittenWhileHeld(path, change, 0, clean, ending);
      }
    }
  }
}

void DataWrittenBetweenTwoHoldsOfOneFileStays() {
  for (Change change : kChanges) {
    for (const LockOptions& options : {kExclusive, kShared}) {
      std::string path = NewPath();
      FileLock lock(path.c_str(), kRecordStart);
      Take(&lock, kExclusive);
      CHECK(lock.Unlock(true));
      change(path);
      std::string text = ReadFile(path);
      Take(&lock, options);
      CHECK(!lock.has_record() && ReadFile(path) == text);
      CHECK(!lock.Unlock(true) && ReadFile(path) == text);
    }
  }
}

// A program may empty the file that it has locked, or replace it by one that is empty.
void AnEmptiedFileStaysEmpty() {
  for (bool replaced : {false, true}) {
    for (bool clean : {false, true}) {
      std::string path = NewPath();
      FileLock lock(path.c_str(), kRecordStart);
      Take(&lock, kExclusive);
      if (replaced) {
        ReplaceBy(path, "");
      } else {
        CHECK(truncate(path.c_str(), 0) == 0);
      }
      lock.Unlock(clean);
      CHECK(ReadFile(path).empty());
      Take(&lock, kExclusive);
      CHECK(lock.has_record() && IsRecord(ReadFile(path).c_str()));
    }
  }
}

// The record of another holder, which was granted the lock of a file that took this one's place.
void TheRecordOfAnotherHolderStays() {
  std::string path = NewPath();
  FileLock first(path.c_str(), kRecordStart);
  FileLock second(path.c_str(), "{\"pid\":8,\"host\":\"here\",\"command\":\"test\",");
  Take(&first, kExclusive);
  CHECK(unlink(path.c_str()) == 0);
  Take(&second, kExclusive);
  CHECK(!first.IsCurrent() && second.IsCurrent());
  std::string record = ReadFile(path);
  first.Release(true);
  CHECK(ReadFile(path) == record);
  second.Release(true);
  // In the same file, because someone copied it there.
  Take(&first, kExclusive);
  WriteFile(path, record);
  first.Release(true);
  CHECK(ReadFile(path) == record);
}

void ASharedHolderBlanksOnlyTheRecordOfADeadHolder() {
  std::string path = NewPath();
  {
    Holder holder(path, Holder::kExclusive);
    holder.Kill();
  }
  CHECK(IsRecord(ReadFile(path).c_str()));
  FileLock lock(path.c_str(), kRecordStart);
  Take(&lock, kShared);
  CHECK(IsBlank(ReadFile(path).c_str()) && !lock.has_record());
  lock.Release(false);
  Take(&lock, kExclusive);
  lock.Release(true);
  Take(&lock, kShared);
  CHECK(IsCleanMark(ReadFile(path).c_str()));
  for (Change change : kChanges) {
    change(path);
    std::string text = ReadFile(path);
    lock.Unlock(true);
    Take(&lock, kShared);
    CHECK(ReadFile(path) == text);
  }
}

// Another process cannot leave its mark either, so the mark that is there is older than what it did.
void AReadOnlyFileIsUnclean() {
  if (geteuid() != 0) return;
  std::string path = NewPath();
  FileLock lock(path.c_str(), kRecordStart);
  Take(&lock, kExclusive);
  lock.Release(true);
  Take(&lock, kExclusive);
  CHECK(lock.found_state() == FoundState::kClean);
  lock.Release(true);
  std::string mark = ReadFile(path);
  CHECK(chmod(path.c_str(), 0644) == 0 && seteuid(65534) == 0);
  Take(&lock, kExclusive);
  CHECK(lock.found_state() == FoundState::kUnclean && !lock.Unlock(true));
  CHECK(seteuid(0) == 0 && ReadFile(path) == mark);
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("a file with another name is never written", AFileWithAnotherNameIsNeverWritten);
  Run("a lock file with other content is never written", ALockFileWithOtherContentIsNeverWritten);
  Run("data that is written while the lock is held stays", DataWrittenWhileHeldStays);
  Run("data that is written between two holds of one open file stays", DataWrittenBetweenTwoHoldsOfOneFileStays);
  Run("a file that is emptied while the lock is held stays empty", AnEmptiedFileStaysEmpty);
  Run("the record of another holder stays", TheRecordOfAnotherHolderStays);
  Run("a shared holder blanks only the record of a dead holder", ASharedHolderBlanksOnlyTheRecordOfADeadHolder);
  Run("a read-only file is unclean", AReadOnlyFileIsUnclean);
  Finish();
}
