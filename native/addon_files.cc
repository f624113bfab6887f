// The contract is in addon_files.h.

#include "addon_files.h"

#include <cerrno>

#include "addon_arguments.h"
#include "addon_environment.h"
#include "file/file_attributes.h"
#ifndef _WIN32
#include "file/file_access.h"
#include "file/file_commit.h"
#include "file/file_sync.h"
#endif

namespace zjj {

Napi::Value CopyFileAttributes(const Napi::CallbackInfo& info) {
  char from[kPathSize];
  bool fits = StringAt(info, 0, from, sizeof(from));
  return Napi::Number::New(info.Env(), fits ? CopyAttributes(from, IndexAt(info, 1)) : ENAMETOOLONG);
}

#ifndef _WIN32
Napi::Value CheckFileWrite(const Napi::CallbackInfo& info) {
  char path[kPathSize];
  bool fits = StringAt(info, 0, path, sizeof(path));
  return Napi::Number::New(info.Env(), fits ? CheckWrite(path) : ENAMETOOLONG);
}

namespace {

class CommitTask final : public Task {
 public:
  CommitTask(FileLock* lock, int fd, const char* temporary, const char* path, const char* directory,
             const FileVersion& old)
      : commit_(lock, fd, temporary, path, directory, old) {}
  ~CommitTask() override { delete lock_; }

  void Run() override {
    outcome_ = commit_.Run();
    error_ = commit_.error();
  }
  void Own(FileLock* lock) { lock_ = lock; }

 private:
  FileCommit commit_;
  FileLock* lock_ = nullptr;
};

class SyncTask final : public Task {
 public:
  explicit SyncTask(int fd) : fd_(fd) {}

  void Run() override {
    if (SyncFile(fd_)) return;
    error_ = {errno, "fsync", static_cast<uint32_t>(errno)};
    outcome_ = 1;
  }

 private:
  int fd_;
};

}  // namespace

Napi::Value Commit(const Napi::CallbackInfo& info) {
  Environment* environment = Environment::Of(info.Env());
  FileLock* lock = environment == nullptr ? nullptr : environment->locks().FindHeld(IndexAt(info, 0));
  char temporary[kPathSize];
  char path[kPathSize];
  char directory[kPathSize];
  bool fits = StringAt(info, 2, temporary, sizeof(temporary)) && StringAt(info, 3, path, sizeof(path)) &&
              StringAt(info, 4, directory, sizeof(directory));
  if (lock == nullptr || !fits) return Napi::Number::New(info.Env(), LockTable::kNoTask);
  FileVersion old = {NumberAt(info, 5), NumberAt(info, 6), NumberAt(info, 7), NumberAt(info, 8)};
  auto* task = new CommitTask(lock, IndexAt(info, 1), temporary, path, directory, old);
  int index = environment->locks().StartTask(task);
  if (index == LockTable::kNoTask) {
    delete task;
  } else {
    // The thread may use the lock already, but only this thread uses the table.
    task->Own(environment->locks().Take(IndexAt(info, 0)));
  }
  return Napi::Number::New(info.Env(), index);
}

Napi::Value Sync(const Napi::CallbackInfo& info) {
  Environment* environment = Environment::Of(info.Env());
  if (environment == nullptr) return Napi::Number::New(info.Env(), LockTable::kNoTask);
  auto* task = new SyncTask(IndexAt(info, 0));
  int index = environment->locks().StartTask(task);
  if (index == LockTable::kNoTask) delete task;
  return Napi::Number::New(info.Env(), index);
}
#endif

}  // namespace zjj
