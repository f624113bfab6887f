// The locks of one Node-API environment (the main thread or a worker): those it holds, and those it waits for. Also the
// tasks that run on its threads.
//
// A lock or task is named by its index. Close() releases all of them when the environment ends. The kernel would
// release a worker's locks only when the whole process dies.
//
// The parts: lock_handles.h numbers the locks, idle_lock.h keeps the last file open, parked_thread.h keeps the last
// thread, blocking_wait.h waits synchronously, deadlock_check.h refuses waits that could never end.
#ifndef ZJJ_TABLE_LOCK_TABLE_H_
#define ZJJ_TABLE_LOCK_TABLE_H_

#include <cstdint>

#include "lock/file_lock.h"
#include "table/idle_lock.h"
#include "table/lock_handles.h"
#include "table/parked_thread.h"

namespace zjj {

struct LockRequest {
  const char* path;  // UTF-8
  LockOptions options;
};

struct LockResult {
  enum Outcome : uint8_t {
    kHeld,       // `index` names the lock
    kPending,    // a thread waits for the lock that `index` names
    kBusy,       // someone else holds a conflicting lock
    kTimedOut,   // someone else held a conflicting lock until the timeout
    kCancelled,  // CancelWait() ended the wait
    kDeadlock,   // this thread holds or waits for a conflicting lock, so blocking could never end
    kMustPoll,   // no thread is available
    kFailed,     // `status` and `error` say why
  };
  Outcome outcome;
  int index = -1;
  LockStatus status = LockStatus::kOk;
  SystemError error = {};
  bool waited = false;  // set by Settle(): the wait thread had to block
};

struct TaskResult {
  int index;
  int outcome;  // Task::outcome()
  SystemError error;
};

class LockTable {
 public:
  // Called on the thread when a wait of StartWait() or a task is done. Returns true if Settle(), SettleTask() or
  // Discard() will be called for the handle.
  using OnWaitDone = bool (*)(LockHandle* handle, void* context);

  LockTable(OnWaitDone on_wait_done, void* context) : on_wait_done_(on_wait_done), context_(context) {
    record_start_[0] = '\0';
  }
  ~LockTable();
  LockTable(const LockTable&) = delete;
  LockTable& operator=(const LockTable&) = delete;

  // Tells that this table and `other` belong to one thread: two copies of the addon's JavaScript in one thread have a
  // table each. WaitSync() of one then reports a deadlock with the other.
  void ShareThread(LockTable* other);
  // Returns a table that shares the thread, or null.
  LockTable* thread_mate() const { return next_in_thread_ == this ? nullptr : next_in_thread_; }

  // Sets the start of the record (FormatRecord() in lock/lock_record.h) for every lock taken from now on. Returns false
  // if it is too long.
  bool SetRecordStart(const char* record_start);

  // Never blocks. Returns kHeld, kBusy or kFailed.
  LockResult Try(const LockRequest& request);
  // Starts to wait on a thread after `pause_ms` milliseconds. Returns kPending, kMustPoll or kFailed. After kPending,
  // Settle() returns the result of the wait.
  LockResult StartWait(const LockRequest& request, double pause_ms);
  // Asks a wait to end. Never blocks. Repeat the call until the wait has settled. Returns false if there is no such
  // wait, or if its thread cannot be woken. The thread is then abandoned and the wait never settles.
  bool CancelWait(int index);
  // Blocks this thread. Returns kHeld, kTimedOut, kDeadlock or kFailed. A negative `timeout_ms` never ends.
  LockResult WaitSync(const LockRequest& request, double timeout_ms);
  // Returns false if `index` names no held lock. With `clean`, the next exclusive holder sees FoundState::kClean. With
  // `keep_open`, the file may stay open until CloseIdle(): the caller probably takes the same lock again at once.
  bool Release(int index, bool clean, bool keep_open);
  void CloseIdle();
  // Returns null if `index` names no held lock. The table still owns the lock.
  FileLock* FindHeld(int index) const;
  // Like FindHeld(), but the caller owns the lock from now on.
  FileLock* Take(int index);

  static constexpr int kNoTask = -1;
  // Runs `task` on a thread, and returns its index. SettleTask() then returns its result, and deletes the task. Returns
  // kNoTask if no thread is available; the caller keeps the task.
  int StartTask(Task* task);

  // For a handle that OnWaitDone accepted. Returns kHeld, kCancelled or kFailed.
  LockResult Settle(LockHandle* handle);
  // The same for the handle of a task.
  TaskResult SettleTask(LockHandle* handle);
  // Blocks this thread until the wait or the task `index` is done, or until `timeout_ms` milliseconds have passed
  // (negative: never). The caller then settles the handle that this returns, which OnWaitDone will not. Returns null at
  // the timeout, and for an index that names no wait and no task.
  LockHandle* WaitUntilDone(int index, double timeout_ms);
  // For a handle that OnWaitDone accepted but that can no longer settle. Works after Close() too.
  static void Discard(LockHandle* handle);

  // Cancels every wait, releases every lock and finishes every task. Blocks until the threads are done.
  void Close();

 private:
  bool WouldDeadlockThread(const FileIdentity& identity, LockMode mode) const;
  static void OnThreadDone(void* handle);
  FileLock* IdleOrNew(const char* path);

  // A ring.
  LockTable* next_in_thread_ = this;
  LockTable* previous_in_thread_ = this;
  LockHandles handles_;
  IdleLock idle_;
  ParkedThread threads_;
  OnWaitDone on_wait_done_;
  void* context_;
  char record_start_[kRecordSize];
};

}  // namespace zjj

#endif  // ZJJ_TABLE_LOCK_TABLE_H_
