// The numbered locks and tasks of one LockTable: locks that are held, locks that a thread waits for, and tasks that a
// thread runs.
#ifndef ZJJ_TABLE_LOCK_HANDLES_H_
#define ZJJ_TABLE_LOCK_HANDLES_H_

#include <vector>

#include "lock/file_lock.h"
#include "table/task.h"
#include "wait/wait_thread.h"

namespace zjj {

class LockTable;

struct LockHandle {
  LockTable* table;            // null once the table is closed
  FileLock* lock = nullptr;    // null for a task
  Task* task = nullptr;        // null for a lock
  WaitThread* wait = nullptr;  // null once the lock is held
  FileIdentity identity;       // of the file as first opened; the wait thread may open another one in the meantime
  int index = -1;
  bool posted = false;  // OnWaitDone accepted the handle, so Settle() or Discard() will follow
};

class LockHandles {
 public:
  // Wraps `lock`, which must be open, in a handle with the next free index.
  LockHandle* Add(LockTable* table, FileLock* lock);
  LockHandle* Add(LockTable* table, Task* task);
  // Moves what `handle` names to a new handle with the same index, and returns that. `handle` is left as if the table
  // had been closed.
  LockHandle* Move(LockHandle* handle);
  // Frees the handle's index. Deletes neither the handle nor its lock.
  void Remove(LockHandle* handle);
  // Forgets all handles. Deletes none.
  void Clear();

  // Returns null for an index that is not in use.
  LockHandle* Find(int index) const;
  // In the order of their indexes. An index that is not in use has a null.
  const std::vector<LockHandle*>& all() const { return handles_; }

 private:
  LockHandle* AddEmpty(LockTable* table);

  std::vector<LockHandle*> handles_;
  std::vector<int> free_indexes_;
};

}  // namespace zjj

#endif  // ZJJ_TABLE_LOCK_HANDLES_H_
