// One open lock file, and the kernel's lock on it.
//
// Calling sequence
//
//   FileLock lock(path, record);
//   lock.Open(options);              // kOk, or why not
//   lock.Try();                      // kOk, kBusy, or why not; never waits
//   lock.Wait(cancellation);         // kOk, kCancelled, or why not; blocks this thread
//   lock.Record();                   // after kOk
//   ...
//   lock.Release(clean);             // after kOk only; again is a no-op
//
// Open() comes first, Try() or Wait() once after it, Record() before anything else that is asked of a lock. Whatever
// they answer but kOk, the file is closed again and nothing is left behind. Unlock(clean) in the place of
// Release(clean) may leave the file open: then Open(), which finds it so, and all that follows may be called again. A
// FileLock is used by one thread at a time; only Cancellation is shared.
//
// What is promised (docs/protocol.md has the reasons)
//
// - The lock belongs to the open file description (POSIX: flock(2)) or handle (Windows: LockFileEx): a second FileLock
//   in the same process contends with the first, a child process does not inherit it, and the kernel frees it when the
//   process dies.
// - kOk from Try() or Wait() means: the lock is held, and the path named this very file after it was acquired. A file
//   that somebody replaced or removed meanwhile is given up and the path is opened again.
// - The file is created if it is not there, never removed, and never anything but a regular file: a directory, device,
//   FIFO, socket or symbolic link answers kInvalid and is not opened.
// - A file that may only be read can be locked as well; it then gets no record.
// - Nothing is written into a file that is not a lock file, that is one which neither is empty nor begins with what a
//   FileLock writes: data and scripts may be locked in place, as with flock(1).
// - An exclusive holder leaves a record of kRecordSize bytes at the start of the file: the JSON given, completed by the
//   time, or blanks (or the clean mark) once released. It informs and is never trusted. A shared holder leaves none.
#ifndef ZJJ_FILE_LOCK_H_
#define ZJJ_FILE_LOCK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace zjj {

enum class LockMode : uint8_t { kExclusive, kShared };

enum class LockStatus : uint8_t {
  kOk,
  kBusy,         // somebody holds a conflicting lock
  kCancelled,    // Cancellation::requested was seen
  kInvalid,      // not a regular file
  kUnsupported,  // this file system cannot lock
  kFailed,       // error() says which call failed, and how
};

// The state in which the file was found when an exclusive lock on it was granted.
enum class FoundState : uint8_t {
  kUnclean,  // no clean mark: its last holder died, or was not one that leaves marks
  kClean,    // the last holder released it with the clean mark
  kCreated,  // this lock created the file
};

struct SystemError {
  int number = 0;         // an errno value, on Windows the nearest one
  const char* call = "";  // the system call, a string literal
  uint32_t raw = 0;       // GetLastError() on Windows, else the same as number
};

// A file, whatever its path.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t file = 0;
  bool operator==(const FileIdentity& other) const { return device == other.device && file == other.file; }
};

// Ends a Wait() from another thread. How the waiting system call is woken after `requested` was set is the affair of
// the wait thread (wait_thread.h): by a signal on POSIX, by `event` on Windows.
struct Cancellation {
  std::atomic<bool> requested{false};
  void* event = nullptr;
};

struct LockOptions {
  LockMode mode = LockMode::kExclusive;
  // The permission bits, less the umask, of a file that is created (POSIX only).
  uint32_t file_mode = 0666;
  // FileLock::found() will be asked for, at the cost of reading a file that is known already.
  bool reads_state = false;
};

constexpr size_t kRecordSize = 256;

class FileLock {
 public:
  // `path` is UTF-8 and is copied. `record` is the start of a JSON object, up to and including the comma before its
  // last member; it is copied too.
  FileLock(const char* path, const char* record);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  LockStatus Open(const LockOptions& options);
  LockStatus Try();
  LockStatus Wait(const Cancellation& cancellation);
  // Looks at what the file holds, and leaves the record of an exclusive holder. Apart from Wait(), whose thread is to
  // wake the other one as soon as it has the lock.
  void Record();
  // Never waits. `clean` leaves the mark that the next exclusive holder sees as FoundState::kClean.
  void Release(bool clean);
  // As Release(), but leaves the file open, and answers true, where that pays: a lock that is taken again soon is then
  // spared half of the system calls. Never on Windows, where nobody could remove the file.
  bool Unlock(bool clean);
  // Whether the path still names the file that this lock is on.
  bool IsCurrent() const;
  // Makes the file another user's (POSIX), never through a link that somebody put at the path.
  bool GiveTo(uint32_t user, uint32_t group);

  LockMode mode() const { return options_.mode; }
  const char* path() const { return path_; }
  // Whether the lock was not to be had at once when Wait() asked for it.
  bool waited() const { return waited_; }
  FoundState found() const { return found_; }
  bool has_record() const { return held_ && writable_ && mode() == LockMode::kExclusive; }
  const FileIdentity& identity() const { return identity_; }
  const SystemError& error() const { return error_; }

 private:
  // What every platform has in common is in file_lock.cc.
  LockStatus Reopen();
  bool EndHold(bool clean);

  // The rest is one platform's.
  LockStatus OpenFile();
  // POSIX: after flock(2). False when the path names another file by now.
  bool AcceptGrant();
  // Windows: as Try(), but kBusy leaves the file open; and a Wait() made of those.
  LockStatus TryOnce();
  LockStatus Poll(const Cancellation& cancellation);
  bool UnlockFile();
  void Close();
  // The number of bytes read, negative when it failed.
  int64_t ReadRecord(char* buffer);
  void WriteRecord(const char* buffer);
  LockStatus Fail(const char* call);

  char* path_;     // one allocation holds both strings; null: out of memory
  char* record_;   // within it
  intptr_t file_;  // descriptor or HANDLE; -1: not open
  FileIdentity identity_;
  SystemError error_;
  LockOptions options_;
  FoundState found_ = FoundState::kUnclean;
  bool created_ = false;
  bool writable_ = false;
  bool recorded_ = false;  // this FileLock has written its record into this very file
  bool held_ = false;
  bool waited_ = false;
};

// The time of the day, as milliseconds since 1970.
int64_t UnixMs();
// Fills `buffer` (kRecordSize bytes) with the record of a holder since `unix_ms`, the clean mark of a release then, or
// blanks. The mark has a time so that each release changes the file: who waits sees that the lock changes hands.
void FormatRecord(char* buffer, const char* record, int64_t unix_ms);
void FormatCleanMark(char* buffer, int64_t unix_ms);
void FormatBlank(char* buffer);
bool IsCleanMark(const char* buffer);
bool IsBlank(const char* buffer);
bool IsRecord(const char* buffer);

}  // namespace zjj

#endif  // ZJJ_FILE_LOCK_H_
