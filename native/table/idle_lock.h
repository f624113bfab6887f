// The lock that a LockTable released last, if its file is still open. Taking it again spares half of the system calls
// (docs/decisions/file-kept-open.md).
#ifndef ZJJ_TABLE_IDLE_LOCK_H_
#define ZJJ_TABLE_IDLE_LOCK_H_

#include "lock/file_lock.h"

namespace zjj {

class IdleLock {
 public:
  // Keeps `lock`, for which FileLock::Unlock() returned true, in place of the previous one.
  void Keep(FileLock* lock);
  // Hands over the kept lock if it is for `path`. Otherwise closes it and returns null.
  FileLock* TakeFor(const char* path);
  void Close();

 private:
  FileLock* lock_ = nullptr;
};

}  // namespace zjj

#endif  // ZJJ_TABLE_IDLE_LOCK_H_
