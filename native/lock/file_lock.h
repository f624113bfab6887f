// One open lock file, and the kernel's lock on it.
//
// Calling sequence
//
//   FileLock lock(path, record_start);
//   lock.Open(options);              // kOk, or an error
//   lock.Try();                      // kOk, kBusy, or an error; never blocks
//   lock.Wait(cancellation);         // kOk, kCancelled, or an error; blocks this thread
//   lock.WriteHolder();              // after kOk
//   ...
//   lock.Release(clean);             // after kOk; a second call does nothing
//
// Call Open() first, then either Try() or Wait() once, then WriteHolder() before any other function of a held lock. If
// Open(), Try() or Wait() returns anything but kOk, the file is closed again and nothing is left behind. After kBusy
// from Open(), Wait() may still follow. It opens the file as soon as that is possible.
//
// Unlock(clean) can replace Release(clean). It may leave the file open. The caller can then start over with Open(),
// which uses the open file.
//
// One thread at a time uses a FileLock. Only Cancellation is shared.
//
// Guarantees (docs/protocol.md has the reasons)
//
// - The lock belongs to the open file description (POSIX: flock(2)) or handle (Windows: LockFileEx). A second FileLock
//   in the same process contends with the first, a child process does not inherit it, and the kernel frees it when the
//   process dies.
// - kOk from Try() or Wait() means that the lock is held, and that the path still named this file afterwards. If
//   someone replaced or removed the file in the meantime, FileLock gives it up and opens the path again.
// - Open() creates the file if it is missing. FileLock never removes it.
// - FileLock only opens regular files. A directory, device, FIFO, socket or symbolic link returns kInvalid unopened.
// - Nothing on the thread of an event loop repeats for ever: a path that changes at each look is kUnstable after a
//   hundred looks.
// - A file that this process can read but not write can be locked too. It gets no record.
// - An exclusive holder leaves a record (lock_record.h) in a lock file. Release replaces it with blanks or the clean
//   mark. The record only informs and is never trusted. A shared holder writes no record. It blanks the record of a
//   dead holder.
// - A lock file is a file whose name ends in ".lock", and that is empty or consists of a record, the clean mark or
//   blanks. Every other file is locked and never written. Data and scripts can therefore be locked in place, as with
//   flock(1).
// - Someone may write data into a lock file while the lock is held. Release therefore overwrites only the very record
//   that this FileLock wrote, and only if the file has nothing else.
#ifndef ZJJ_LOCK_FILE_LOCK_H_
#define ZJJ_LOCK_FILE_LOCK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "lock/lock_record.h"
#include "platform/c_string.h"

namespace zjj {

enum class LockMode : uint8_t { kExclusive, kShared };

enum class LockStatus : uint8_t {
  kOk,
  kBusy,         // another FileLock holds a conflicting lock, or another process a lease (fcntl(2), F_SETLEASE)
  kCancelled,    // Cancellation::requested was set
  kInvalid,      // not a regular file
  kUnsupported,  // this file system cannot lock
  kFailed,       // error() names the system call and its error
  kUnstable,     // the path named another file at each look, or one that cannot be opened; error() names the last error
};

// The state that an exclusive holder found the file in.
enum class FoundState : uint8_t {
  kUnclean,  // no clean mark: the last holder died, or leaves no marks. Also if this FileLock cannot write the file: a
             // holder that died may have been unable to replace the mark, too
  kClean,    // the last holder released the lock with the clean mark, since this system started
  kCreated,  // this FileLock created the file
};

struct SystemError {
  int number = 0;         // an errno value; on Windows the nearest one
  const char* call = "";  // the system call, a string literal
  uint32_t raw = 0;       // GetLastError() on Windows; on POSIX the same as `number`
};

// Identifies a file independently of its path.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t file = 0;
  bool operator==(const FileIdentity& other) const { return device == other.device && file == other.file; }
};

// Ends a Wait() from another thread. After it sets `requested`, the wait thread (wait/wait_thread.h) interrupts the
// system call: on POSIX with a signal, on Windows with `event`.
struct Cancellation {
  std::atomic<bool> requested{false};
  void* event = nullptr;
};

struct LockOptions {
  LockMode mode = LockMode::kExclusive;
  // Permission bits for a file that Open() creates, before the umask (POSIX only).
  uint32_t file_mode = 0666;
};

class FileLock {
 public:
  // Copies both strings. `path` is UTF-8. `record_start` is the argument of FormatRecord() (lock_record.h).
  FileLock(const char* path, const char* record_start);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  LockStatus Open(const LockOptions& options);
  LockStatus Try();
  LockStatus Wait(const Cancellation& cancellation);
  // Reads the state of the file, then writes the record of an exclusive holder. Wait() does not do this itself: the
  // wait thread should wake the waiter as soon as it holds the lock.
  void WriteHolder();
  // Never blocks. With `clean`, the next exclusive holder sees FoundState::kClean.
  void Release(bool clean);
  // Like Release(), but leaves the file open and returns true where that pays. Taking the lock again then costs half
  // the system calls. Always closes the file on Windows, where an open file could not be removed.
  bool Unlock(bool clean);
  // Returns whether the path still names the locked file.
  bool IsCurrent() const;
  // Changes the owner of the locked file (POSIX), even if someone has put a link at the path. Returns false on failure,
  // and for a file that is not ours: one that this FileLock neither created nor wrote a record into, or one that has
  // another name. Root could otherwise be made to give away a file that was moved or linked to the path.
  bool Chown(uint32_t user, uint32_t group);
  // Likewise changes the permission bits of the locked file.
  bool Chmod(uint32_t mode);

  LockMode mode() const { return options_.mode; }
  const char* path() const { return path_.get(); }
  // Whether Wait() had to block.
  bool waited() const { return waited_; }
  // Valid after WriteHolder().
  FoundState found_state() const { return found_state_; }
  // Whether the file has the record that WriteHolder() wrote.
  bool has_record() const { return has_record_; }
  const FileIdentity& identity() const { return identity_; }
  const SystemError& error() const { return error_; }

 private:
  // How often a path that keeps changing is looked at. Someone who removes or replaces the file in a loop wins one race
  // in a few, so a hundred lost races mean that the file system contradicts itself.
  static constexpr int kMostRounds = 100;

  // The same on every platform, in file_lock.cc.
  bool EraseHolderAndUnlock(bool clean);

  bool HasLockName() const;
  LockStatus OpenFile();

  // In the platform's file. OpenOnce() returns kUnstable if another try may succeed.
  LockStatus OpenOnce();
  // POSIX, after flock(2). Returns false if the path names another file by now.
  bool AcceptGrant();
  // Windows. TryOnce() is like Try(), but leaves the file open on kBusy. Poll() waits by calling TryOnce().
  LockStatus TryOnce();
  LockStatus Poll(const Cancellation& cancellation);
  bool UnlockFile();
  // Whether Chown() and Chmod() may change the file.
  bool IsOurs() const;
  // Reads kRecordSize + 1 bytes, so that a longer file is not taken for a record. Returns the number of bytes read, or
  // a negative number on failure.
  int64_t ReadContent(char* buffer) const;
  // Writes kRecordSize bytes.
  void WriteContent(const char* buffer);
  LockStatus Fail(const char* call);
  // Closes the file and keeps the error, if another try may succeed.
  LockStatus Unstable(const char* call, int number);
  void Close();

  CString path_;
  CString record_start_;
  intptr_t file_ = -1;  // descriptor or HANDLE; -1 when closed
  FileIdentity identity_;
  SystemError error_;
  LockOptions options_;
  FoundState found_state_ = FoundState::kUnclean;
  bool created_ = false;
  bool writable_ = false;
  bool is_lock_file_ = false;  // when WriteHolder() read it last
  bool has_record_ = false;
  char record_[kRecordSize];  // if has_record_
  bool held_ = false;
  bool waited_ = false;
};

}  // namespace zjj

#endif  // ZJJ_LOCK_FILE_LOCK_H_
