// FileCommit, on real files.

#include "file/file_commit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "check.h"

namespace {

// Takes the place of the C library's fsync in this program. Counts the calls, and lets some of them be interrupted.
struct {
  int files = 0;
  int directories = 0;
  int interrupts = 0;
} syncs;

}  // namespace

extern "C" int fsync(int fd) {
  if (syncs.interrupts > 0) {
    syncs.interrupts--;
    errno = EINTR;
    return -1;
  }
  struct stat st;
  if (fstat(fd, &st) == 0) (S_ISDIR(st.st_mode) ? syncs.directories : syncs.files)++;
  return static_cast<int>(syscall(SYS_fsync, fd));
}

namespace zjj::test {

namespace {

constexpr char kRecordStart[] = "{\"pid\":7,\"host\":\"here\",\"command\":\"test\",";

FileVersion VersionOf(const std::string& path) {
  struct stat st;
  CHECK(stat(path.c_str(), &st) == 0);
#ifdef __APPLE__
  const struct timespec& time = st.st_mtimespec;
#else
  const struct timespec& time = st.st_mtim;
#endif
  return {static_cast<double>(st.st_dev), static_cast<double>(st.st_ino), static_cast<double>(st.st_size),
          static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_nsec) / 1e6};
}

// A config whose lock is held, and a temporary file to replace it.
struct Transaction {
  ~Transaction() { delete lock; }

  Transaction() : path(NewPath()), lock_path(path + ".lock"), temporary(path + ".tmp") {
    WriteFile(path, "old");
    WriteFile(temporary, "new");
    lock = new FileLock(lock_path.c_str(), kRecordStart);
    CHECK(lock->Open({}) == LockStatus::kOk && lock->Try() == LockStatus::kOk);
    lock->WriteHolder();
    fd = open(temporary.c_str(), O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    version = VersionOf(path);
  }

  FileCommit::Outcome Run(const std::string& directory) {
    FileCommit commit(lock, fd, temporary.c_str(), path.c_str(), directory.c_str(), version);
    FileCommit::Outcome outcome = commit.Run();
    error = commit.error();
    CHECK(close(fd) == 0);
    return outcome;
  }

  FileCommit::Outcome Run() { return Run(path.substr(0, path.rfind('/'))); }

  bool IsFree() const {
    FileLock next(lock_path.c_str(), kRecordStart);
    bool free = next.Open({}) == LockStatus::kOk && next.Try() == LockStatus::kOk;
    if (free) next.Release(false);
    return free;
  }

  bool IsClean() const { return IsCleanMark(ReadFile(lock_path).c_str()); }

  std::string path;
  std::string lock_path;
  std::string temporary;
  FileLock* lock;
  int fd;
  FileVersion version;
  SystemError error;
};

void RenamesTheNewFileIntoPlace() {
  Transaction transaction;
  CHECK(transaction.Run() == FileCommit::kDone);
  CHECK(ReadFile(transaction.path) == "new");
  CHECK(!Exists(transaction.temporary));
  CHECK(transaction.IsClean() && transaction.IsFree());
}

void SyncsTheFileAndTheDirectory() {
  for (int interrupts : {0, 1, 3}) {
    syncs = {};
    syncs.interrupts = interrupts;
    Transaction transaction;
    CHECK(transaction.Run() == FileCommit::kDone);
    CHECK(syncs.files == 1 && syncs.directories == 1 && syncs.interrupts == 0);
  }
}

void CheckNothingChanged(const Transaction& transaction, const std::string& text) {
  CHECK(ReadFile(transaction.path) == text);
  CHECK(!Exists(transaction.temporary));
  CHECK(!transaction.IsClean() && transaction.IsFree());
}

void KeepsAFileThatSomeoneElseSaved() {
  Transaction in_place;
  WriteFile(in_place.path, "edited");
  CHECK(in_place.Run() == FileCommit::kLost);
  CheckNothingChanged(in_place, "edited");

  Transaction by_rename;
  WriteFile(by_rename.path + ".edited", "odd");
  CHECK(rename((by_rename.path + ".edited").c_str(), by_rename.path.c_str()) == 0);
  CHECK(by_rename.Run() == FileCommit::kLost);
  CheckNothingChanged(by_rename, "odd");

  Transaction removed;
  CHECK(unlink(removed.path.c_str()) == 0);
  CHECK(removed.Run() == FileCommit::kLost);
  CHECK(!Exists(removed.path) && !Exists(removed.temporary) && removed.IsFree());
}

// Each of the four numbers alone tells another file.
void ComparesEveryNumberOfTheVersion() {
  double FileVersion::*const numbers[] = {&FileVersion::device, &FileVersion::file, &FileVersion::size,
                                          &FileVersion::modified_ms};
  for (double FileVersion::*number : numbers) {
    Transaction transaction;
    transaction.version.*number += 1;
    CHECK(transaction.Run() == FileCommit::kLost);
    CheckNothingChanged(transaction, "old");
  }
}

void ConvertsDeviceNumbersAsNodeDoes() {
  CHECK(NodeNumber(int32_t{16777234}) == 16777234);
  CHECK(NodeNumber(int32_t{-5}) == 18446744073709551611.0);
  CHECK(NodeNumber(uint64_t{1} << 63) == 9223372036854775808.0);
}

void GivesUpIfItsFileWasSwept() {
  Transaction transaction;
  CHECK(unlink(transaction.temporary.c_str()) == 0);
  CHECK(transaction.Run() == FileCommit::kLost);
  CheckNothingChanged(transaction, "old");
}

void ReportsTheCallThatFailed() {
  Transaction unsynced;
  CHECK(close(unsynced.fd) == 0);
  unsynced.fd = open("/", O_PATH | O_CLOEXEC);
  CHECK(unsynced.Run() == FileCommit::kNotWritten);
  CHECK(unsynced.error.number == EBADF && std::string(unsynced.error.call) == "fsync");
  CheckNothingChanged(unsynced, "old");

  Transaction unnamed;
  CHECK(unlink(unnamed.path.c_str()) == 0 && mkdir(unnamed.path.c_str(), 0700) == 0);
  unnamed.version = VersionOf(unnamed.path);
  CHECK(unnamed.Run() == FileCommit::kNotWritten);
  CHECK(unnamed.error.number == EISDIR && std::string(unnamed.error.call) == "rename");
  CHECK(!Exists(unnamed.temporary) && unnamed.IsFree());

  Transaction not_durable;
  CHECK(not_durable.Run(not_durable.path + "/none") == FileCommit::kNotDurable);
  CHECK(not_durable.error.number == ENOTDIR && std::string(not_durable.error.call) == "open");
  CHECK(ReadFile(not_durable.path) == "new" && not_durable.IsFree());
}

}  // namespace

}  // namespace zjj::test

int main(int argc, char** argv) {
  using namespace zjj::test;  // NOLINT(google-build-using-namespace)
  Start(argc, argv);
  Run("a commit renames the new file into place and releases the lock", RenamesTheNewFileIntoPlace);
  Run("a commit syncs the file and the directory, also if it is interrupted", SyncsTheFileAndTheDirectory);
  Run("a commit compares every number of the version", ComparesEveryNumberOfTheVersion);
  Run("device numbers are converted as Node.js does", ConvertsDeviceNumbersAsNodeDoes);
  Run("a commit keeps a file that someone else saved", KeepsAFileThatSomeoneElseSaved);
  Run("a commit gives up if its temporary file was swept", GivesUpIfItsFileWasSwept);
  Run("a commit reports the call that failed", ReportsTheCallThatFailed);
  Finish();
}
