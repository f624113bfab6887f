// The end of a transaction (docs/protocol.md): a complete temporary file is put on disk and at its place, the lock is
// given back, the directory is put on disk. One piece of work for a thread of the pool that has nothing to do with
// JavaScript: in the event loop it would take two turns, one of them while others wait for the lock.
//
// POSIX only. Elsewhere, and for the synchronous forms, src/config takes the same steps.
#ifndef ZJJ_FILE_COMMIT_H_
#define ZJJ_FILE_COMMIT_H_

#include "file_lock.h"

namespace zjj {

// What the config was when it was read, as node:fs tells it.
struct FileVersion {
  double device;
  double file;
  double size;
  double modified_ms;
};

class FileCommit {
 public:
  enum Outcome : uint8_t {
    kDone,
    kLost,        // the temporary file was swept, or the config is another by now: nothing has changed
    kNotWritten,  // error() says why; nothing has changed
    kNotDurable,  // error() says why; the new file is at its place, but may not survive the loss of power
  };

  // Takes over the lock, but not the descriptor `temporary_fd`: whoever opened it closes it afterwards. Paths are UTF-8
  // and are copied.
  FileCommit(FileLock* lock, int temporary_fd, const char* temporary, const char* path, const char* directory,
             const FileVersion& old);
  ~FileCommit();
  FileCommit(const FileCommit&) = delete;
  FileCommit& operator=(const FileCommit&) = delete;

  // On any thread, once. Afterwards the lock is released, and unless it answers kDone or kNotDurable the temporary file
  // removed.
  Outcome Run();

  const SystemError& error() const { return error_; }

 private:
  Outcome Replace();
  bool Fail(const char* call);
  Outcome SyncDirectory();

  FileLock* lock_;
  int temporary_fd_;
  char* temporary_;  // one allocation holds the three strings; null: out of memory
  char* path_;
  char* directory_;
  FileVersion old_;
  SystemError error_;
};

}  // namespace zjj

#endif  // ZJJ_FILE_COMMIT_H_
