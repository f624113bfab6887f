// The end of a transaction (docs/protocol.md): sync a complete temporary file, rename it into place, release the lock,
// sync the directory.
//
// All of it runs as one task on a thread of the addon, without JavaScript. On the event loop it would take two turns,
// one of them while others wait for the lock. In libuv's pool it could wait there for reads of this process while it
// holds the lock.
//
// POSIX only. On Windows, and in the synchronous forms, src/config takes the same steps.
#ifndef ZJJ_FILE_FILE_COMMIT_H_
#define ZJJ_FILE_FILE_COMMIT_H_

#include "lock/file_lock.h"
#include "platform/c_string.h"

namespace zjj {

// Identifies the config that the transaction read, with the numbers that node:fs reports.
struct FileVersion {
  double device;
  double file;
  double size;
  double modified_ms;
};

// A device or inode number as node:fs reports it: libuv converts it to an unsigned type first, and dev_t is signed on
// some systems.
template <typename Number>
double NodeNumber(Number number) {
  return static_cast<double>(static_cast<uint64_t>(number));
}

class FileCommit {
 public:
  enum Outcome : uint8_t {
    kDone,
    kLost,        // the temporary file was swept, or the config is a different one now; nothing has changed
    kNotWritten,  // error() says why; nothing has changed
    kNotDurable,  // error() says why; the new file is in place, but may not survive a power failure
  };

  // The caller keeps the lock and the descriptor `temporary_fd`, and deletes and closes them afterwards. Copies the
  // paths, which are UTF-8.
  FileCommit(FileLock* lock, int temporary_fd, const char* temporary, const char* path, const char* directory,
             const FileVersion& old);
  FileCommit(const FileCommit&) = delete;
  FileCommit& operator=(const FileCommit&) = delete;

  // Call once, on any thread. Releases the lock. Removes the temporary file unless it returns kDone or kNotDurable.
  Outcome Run();

  const SystemError& error() const { return error_; }

 private:
  Outcome Replace();
  Outcome SyncDirectory();
  bool Fail(const char* call);

  FileLock* lock_;
  int temporary_fd_;
  CString temporary_;
  CString path_;
  CString directory_;
  FileVersion old_;
  SystemError error_;
};

}  // namespace zjj

#endif  // ZJJ_FILE_FILE_COMMIT_H_
