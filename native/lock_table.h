// The locks of one Node-API environment (the main thread or a worker): those held, and those waited for.
//
// A lock is named by its index. The end of the environment releases every one: for a worker the kernel would do so only
// when the whole process dies.
#ifndef ZJJ_LOCK_TABLE_H_
#define ZJJ_LOCK_TABLE_H_

#include <cstdint>
#include <vector>

#include "file_lock.h"
#include "wait_thread.h"

namespace zjj {

struct LockRequest {
  const char* path;  // UTF-8
  LockOptions options;
};

// What a call gave: a lock's index, or why not.
struct LockResult {
  enum Outcome : uint8_t {
    kHeld,      // `index` names a lock
    kBusy,      // somebody holds it
    kTimedOut,  // somebody held it all the time
    kDeadlock,  // this environment holds it or waits for it, so blocking could never end
    kMustPoll,  // no thread to wait with
    kFailed,    // `status` and `error` say why
  };
  Outcome outcome;
  int index = -1;
  LockStatus status = LockStatus::kOk;
  SystemError error = {};
  bool waited = false;  // of Settle(): the lock was not to be had at once
};

class LockTable {
 public:
  struct Entry {
    LockTable* table;  // null once that is closed
    FileLock* lock = nullptr;
    WaitThread* wait = nullptr;  // null once held
    FileIdentity identity;       // of the file when it was opened: the thread may open another meanwhile
    int index = -1;
    bool posted = false;  // `on_out` of the wait ran and took the entry over
  };
  // Called on the wait's thread; true when Settle(entry) or Discard(entry) is going to be called for it.
  using OnOut = bool (*)(Entry* entry, void* context);

  LockTable(OnOut on_out, void* context) : on_out_(on_out), context_(context) { record_[0] = '\0'; }
  LockTable(const LockTable&) = delete;
  LockTable& operator=(const LockTable&) = delete;

  // The start of the JSON record of every lock taken from now on; false when it is too long.
  bool SetRecord(const char* record);

  LockResult Try(const LockRequest& request);
  // kHeld names a lock that is waited for: the index is that of the lock once Settle() says so. It is asked for after
  // `pause_ms`.
  LockResult StartWait(const LockRequest& request, double pause_ms);
  // Asks for the end of a wait; never blocks. Repeat it until the wait has settled. False when there is no such wait,
  // or none that can be woken: it is then given up, and will not settle.
  bool CancelWait(int index);
  // Blocks. `timeout_ms` below 0 is for ever.
  LockResult WaitSync(const LockRequest& request, double timeout_ms);
  // `keeps_open`: the lock is likely to be taken again at once, so its file may stay open until CloseIdle().
  bool Release(int index, bool clean, bool keeps_open);
  void CloseIdle();
  FileLock* Held(int index) const;
  // As Held(), but the lock is the caller's from now on.
  FileLock* Take(int index);

  // For the entries that OnOut took over.
  LockResult Settle(Entry* entry);
  static void Discard(Entry* entry);

  // The end of the environment: cancels every wait and releases every lock.
  void Close();

 private:
  Entry* Add(FileLock* lock);
  void Remove(Entry* entry);
  WaitThread* StartThread(FileLock* lock, double pause_ms, WaitThread::OnOut on_out, void* context);
  void Park(WaitThread* wait);
  // The one to use again for `path`, or null.
  FileLock* TakeIdle(const char* path);
  LockStatus Open(const LockRequest& request, FileLock** lock) const;
  bool ConflictsWithOwn(const FileIdentity& identity, LockMode mode) const;
  LockResult PollSync(const LockRequest& request, double timeout_ms);

  std::vector<Entry*> entries_;
  std::vector<int> free_;
  // The one released last, unlocked and still open; or null.
  FileLock* idle_ = nullptr;
  // The one whose wait was granted last, for the next; or null.
  WaitThread* parked_ = nullptr;
  OnOut on_out_;
  void* context_;
  char record_[kRecordSize];
};

}  // namespace zjj

#endif  // ZJJ_LOCK_TABLE_H_
