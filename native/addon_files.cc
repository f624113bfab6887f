// The contract is in addon_files.h.

#include "addon_files.h"

#include <cerrno>

#include "addon_arguments.h"
#include "addon_environment.h"
#include "file/file_attributes.h"
#ifndef _WIN32
#include "file/file_access.h"
#include "file/file_commit.h"
#endif

namespace zjj {

Napi::Value CopyFileAttributes(const Napi::CallbackInfo& info) {
  char from[kPathSize];
  bool fits = StringAt(info, 0, from, sizeof(from));
  return Napi::Number::New(info.Env(), fits ? CopyAttributes(from, IntegerAt(info, 1)) : ENAMETOOLONG);
}

#ifndef _WIN32
Napi::Value CheckFileWrite(const Napi::CallbackInfo& info) {
  char path[kPathSize];
  bool fits = StringAt(info, 0, path, sizeof(path));
  return Napi::Number::New(info.Env(), fits ? CheckWrite(path) : ENAMETOOLONG);
}

namespace {

// A commit that runs on a thread of libuv's pool, where fsync of node:fs would run too.
struct PendingCommit {
  PendingCommit(FileLock* lock, int fd, const char* temporary, const char* path, const char* directory,
                const FileVersion& old)
      : commit(lock, fd, temporary, path, directory, old) {}

  FileCommit commit;
  FileCommit::Outcome outcome = FileCommit::kNotWritten;
  napi_async_work work = nullptr;
  napi_ref on_end = nullptr;
};

void RunCommit(napi_env, void* data) {
  auto* pending = static_cast<PendingCommit*>(data);
  pending->outcome = pending->commit.Run();
}

void EndCommit(napi_env env, napi_status, void* data) {
  auto* pending = static_cast<PendingCommit*>(data);
  napi_value arguments[3];
  napi_value receiver = nullptr;
  napi_value on_end = nullptr;
  napi_create_int32(env, pending->outcome, &arguments[0]);
  napi_create_int32(env, pending->commit.error().number, &arguments[1]);
  napi_create_string_utf8(env, pending->commit.error().call, NAPI_AUTO_LENGTH, &arguments[2]);
  napi_get_undefined(env, &receiver);
  napi_get_reference_value(env, pending->on_end, &on_end);
  napi_delete_reference(env, pending->on_end);
  napi_delete_async_work(env, pending->work);
  delete pending;
  if (on_end != nullptr) napi_call_function(env, receiver, on_end, 3, arguments, nullptr);
}

}  // namespace

Napi::Value Commit(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Environment* environment = Environment::Of(env);
  char temporary[kPathSize];
  char path[kPathSize];
  char directory[kPathSize];
  napi_value name = nullptr;
  FileLock* lock = nullptr;
  if (StringAt(info, 2, temporary, sizeof(temporary)) && StringAt(info, 3, path, sizeof(path)) &&
      StringAt(info, 4, directory, sizeof(directory)) &&
      napi_create_string_utf8(env, "zjj commit", NAPI_AUTO_LENGTH, &name) == napi_ok) {
    lock = environment == nullptr ? nullptr : environment->locks().Take(IntegerAt(info, 0));
  }
  if (lock == nullptr) return Napi::Boolean::New(env, false);
  FileVersion old = {NumberAt(info, 5), NumberAt(info, 6), NumberAt(info, 7), NumberAt(info, 8)};
  auto* pending = new PendingCommit(lock, IntegerAt(info, 1), temporary, path, directory, old);
  napi_create_reference(env, info[9], 1, &pending->on_end);
  bool queued = napi_create_async_work(env, nullptr, name, RunCommit, EndCommit, pending, &pending->work) == napi_ok &&
                napi_queue_async_work(env, pending->work) == napi_ok;
  if (!queued) {
    // The environment is ending. Finish the commit here, because its lock is already ours.
    RunCommit(env, pending);
    delete pending;
  }
  return Napi::Boolean::New(env, true);
}
#endif

}  // namespace zjj
