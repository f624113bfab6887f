// One open lock file, and the kernel's lock on it.
//
// Calling sequence
//
//   FileLock lock(path, mode, file_mode, record);
//   lock.Open();                     // kOk, or why not
//   lock.Try(false);                    // kOk, kBusy, or why not; never waits
//   lock.Wait(cancellation);         // kOk, kCancelled, or why not; blocks this thread
//   ...
//   lock.Release(clean);             // after kOk only; again is a no-op
//
// Open() may be called once, Try() or Wait() once after it, in this order. Whatever they answer but kOk (and Open's
// own kOk), the file is closed again and nothing is left behind. A FileLock is used by one thread at a time; only
// Cancellation is shared.
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

constexpr size_t kRecordSize = 256;

class FileLock {
 public:
  // `path` is UTF-8 and is copied. `file_mode` holds the permission bits, less the umask, of a file that Open() creates
  // (POSIX only). `record` is the start of a JSON object, up to and including the comma before its last member; it is
  // copied too.
  FileLock(const char* path, LockMode mode, uint32_t file_mode, const char* record);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  LockStatus Open();
  // `is_known`: this very file was seen to be a lock file before, and found() is not asked for. Spares reading it.
  LockStatus Try(bool is_known);
  LockStatus Wait(const Cancellation& cancellation);
  // Never waits. `clean` leaves the mark that the next exclusive holder sees as FoundState::kClean.
  void Release(bool clean);
  // Whether the path still names the file that this lock is on.
  bool IsCurrent() const;
  // Makes the file another user's (POSIX), never through a link that somebody put at the path.
  bool GiveTo(uint32_t user, uint32_t group);

  LockMode mode() const { return mode_; }
  FoundState found() const { return found_; }
  bool has_record() const { return held_ && writable_ && mode_ == LockMode::kExclusive; }
  const FileIdentity& identity() const { return identity_; }
  // In bytes, when it was opened.
  uint64_t size() const { return size_; }
  const SystemError& error() const { return error_; }

 private:
  LockStatus Fail(const char* call);
  LockStatus Granted(bool is_known);
  LockStatus Reopen();
  void Close();

  char* path_;     // one allocation holds both strings; null: out of memory
  char* record_;   // within it
  intptr_t file_;  // descriptor or HANDLE; -1: not open
  FileIdentity identity_;
  uint64_t size_ = 0;
  SystemError error_;
  uint32_t file_mode_;
  LockMode mode_;
  FoundState found_ = FoundState::kUnclean;
  bool created_ = false;
  bool writable_ = false;
  bool held_ = false;
};

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
