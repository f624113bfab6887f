// FileLock on LockFileEx. The contract is in file_lock.h.

#include <errno.h>
#include <string.h>

#include <memory>

#include "lock/file_lock.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

namespace zjj {

namespace {

// LockFileEx is mandatory: a lock on the record itself would keep everyone else from reading it. So the lock is on one
// byte far beyond the end of any file. Locking it does not extend the file.
constexpr DWORD kLockOffsetHigh = 0x7fffffff;

// No FILE_SHARE_DELETE: nobody can remove or replace the file while it is open, so the path still names it.
constexpr DWORD kShare = FILE_SHARE_READ | FILE_SHARE_WRITE;
// FILE_FLAG_OPEN_REPARSE_POINT opens a symbolic link itself. OpenFile() then refuses it.
constexpr DWORD kFlags = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED | FILE_FLAG_OPEN_REPARSE_POINT;

HANDLE HandleOf(intptr_t file) { return reinterpret_cast<HANDLE>(file); }

int ErrnoOf(DWORD error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_NETPATH:
      return ENOENT;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
    case ERROR_DELETE_PENDING:
      return EACCES;
    case ERROR_WRITE_PROTECT:
      return EROFS;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
      return ENOSPC;
    case ERROR_TOO_MANY_OPEN_FILES:
    case ERROR_NO_SYSTEM_RESOURCES:
      return EMFILE;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
      return ENOMEM;
    case ERROR_FILENAME_EXCED_RANGE:
      return ENAMETOOLONG;
    default:
      return EIO;
  }
}

// An operation at an offset. The handle is overlapped, so each operation needs its own event. It must finish before its
// OVERLAPPED is destroyed, because the kernel writes into that.
struct Operation {
  explicit Operation(DWORD offset_high) : overlapped{} {
    overlapped.OffsetHigh = offset_high;
    overlapped.hEvent = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  }
  ~Operation() {
    if (overlapped.hEvent != nullptr) CloseHandle(overlapped.hEvent);
  }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  OVERLAPPED overlapped;
};

bool Finish(HANDLE file, Operation* operation, BOOL started, DWORD* transferred) {
  if (!started && GetLastError() != ERROR_IO_PENDING) return false;
  return GetOverlappedResult(file, &operation->overlapped, transferred, TRUE) != 0;
}

DWORD FlagsOf(LockMode mode) { return mode == LockMode::kExclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0; }

// Wine has no overlapped wait for a lock. LockFileEx reports ERROR_IO_PENDING and never sets the event, and
// GetOverlappedResult reports success although the lock is not held.
bool HasOverlappedWait() { return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") == nullptr; }

constexpr DWORD kShortestPollMs = 1;
constexpr DWORD kLongestPollMs = 16;

// Converts a UTF-8 path to UTF-16. Returns null if it is not valid UTF-8.
std::unique_ptr<wchar_t[]> WidePath(const char* path) {
  int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, nullptr, 0);
  if (length == 0) return nullptr;
  std::unique_ptr<wchar_t[]> wide(new wchar_t[static_cast<size_t>(length)]);
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide.get(), length);
  return wide;
}

}  // namespace

LockStatus FileLock::OpenOnce() {
  std::unique_ptr<wchar_t[]> path = WidePath(path_.get());
  if (path == nullptr) {
    SetLastError(ERROR_INVALID_NAME);
    return Fail("MultiByteToWideChar");
  }
  created_ = false;
  writable_ = true;
  HANDLE file = CreateFileW(path.get(), GENERIC_READ | GENERIC_WRITE, kShare, nullptr, OPEN_EXISTING, kFlags, nullptr);
  if (file == INVALID_HANDLE_VALUE &&
      (GetLastError() == ERROR_ACCESS_DENIED || GetLastError() == ERROR_WRITE_PROTECT)) {
    DWORD attributes = GetFileAttributesW(path.get());
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
      return LockStatus::kInvalid;
    }
    writable_ = false;
    file = CreateFileW(path.get(), GENERIC_READ, kShare, nullptr, OPEN_EXISTING, kFlags, nullptr);
  }
  if (file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND) {
    file = CreateFileW(path.get(), GENERIC_READ | GENERIC_WRITE, kShare, nullptr, CREATE_NEW, kFlags, nullptr);
    created_ = file != INVALID_HANDLE_VALUE;
    writable_ = true;
    if (!created_ && GetLastError() == ERROR_FILE_EXISTS) return Unstable("CreateFileW", EEXIST);
  }
  if (file == INVALID_HANDLE_VALUE) return Fail("CreateFileW");
  file_ = reinterpret_cast<intptr_t>(file);
  BY_HANDLE_FILE_INFORMATION information;
  if (GetFileType(file) != FILE_TYPE_DISK) {
    Close();
    return LockStatus::kInvalid;
  }
  if (!GetFileInformationByHandle(file, &information)) return Fail("GetFileInformationByHandle");
  if ((information.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) != 0) {
    Close();
    return LockStatus::kInvalid;
  }
  identity_ = {information.dwVolumeSerialNumber,
               (static_cast<uint64_t>(information.nFileIndexHigh) << 32) | information.nFileIndexLow};
  return LockStatus::kOk;
}

LockStatus FileLock::Try() {
  LockStatus status = TryOnce();
  if (status == LockStatus::kBusy) Close();
  return status;
}

LockStatus FileLock::Wait(const Cancellation& cancellation) {
  if (!HasOverlappedWait()) return Poll(cancellation);
  HANDLE file = HandleOf(file_);
  Operation operation(kLockOffsetHigh);
  if (operation.overlapped.hEvent == nullptr) return Fail("CreateEventW");
  BOOL started = LockFileEx(file, FlagsOf(mode()), 0, 1, 0, &operation.overlapped);
  waited_ = !started;
  if (!started) {
    if (GetLastError() != ERROR_IO_PENDING) return Fail("LockFileEx");
    HANDLE events[] = {operation.overlapped.hEvent, cancellation.event};
    if (WaitForMultipleObjects(2, events, FALSE, INFINITE) == WAIT_OBJECT_0 + 1) {
      CancelIoEx(file, &operation.overlapped);
    }
  }
  DWORD ignored;
  if (GetOverlappedResult(file, &operation.overlapped, &ignored, TRUE)) {
    held_ = true;
    return LockStatus::kOk;
  }
  if (GetLastError() != ERROR_OPERATION_ABORTED) return Fail("LockFileEx");
  Close();
  return LockStatus::kCancelled;
}

LockStatus FileLock::TryOnce() {
  HANDLE file = HandleOf(file_);
  Operation operation(kLockOffsetHigh);
  if (operation.overlapped.hEvent == nullptr) return Fail("CreateEventW");
  BOOL started = LockFileEx(file, FlagsOf(mode()) | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &operation.overlapped);
  DWORD ignored;
  if (Finish(file, &operation, started, &ignored)) {
    held_ = true;
    return LockStatus::kOk;
  }
  if (GetLastError() != ERROR_LOCK_VIOLATION) return Fail("LockFileEx");
  return LockStatus::kBusy;
}

LockStatus FileLock::Poll(const Cancellation& cancellation) {
  DWORD pause_ms = kShortestPollMs;
  LockStatus status = TryOnce();
  while (status == LockStatus::kBusy) {
    waited_ = true;
    if (WaitForSingleObject(cancellation.event, pause_ms) != WAIT_TIMEOUT) {
      Close();
      return LockStatus::kCancelled;
    }
    if (pause_ms < kLongestPollMs) pause_ms *= 2;
    status = TryOnce();
  }
  return status;
}

bool FileLock::Unlock(bool clean) {
  Release(clean);
  return false;
}

bool FileLock::UnlockFile() {
  // Closing the handle would unlock too, but at a time that the system chooses.
  OVERLAPPED at = {};
  at.OffsetHigh = kLockOffsetHigh;
  return UnlockFileEx(HandleOf(file_), 0, 1, 0, &at) != 0;
}

// Nobody can remove or replace the file while it is open, because it is opened without FILE_SHARE_DELETE.
bool FileLock::IsCurrent() const { return true; }

// The file inherits the access control list of its directory.
bool FileLock::Chown(uint32_t, uint32_t) { return true; }

bool FileLock::Chmod(uint32_t) { return true; }

int64_t FileLock::ReadContent(char* buffer) const {
  Operation operation(0);
  DWORD size = 0;
  BOOL started = ReadFile(HandleOf(file_), buffer, kRecordSize + 1, nullptr, &operation.overlapped);
  if (Finish(HandleOf(file_), &operation, started, &size)) return size;
  return GetLastError() == ERROR_HANDLE_EOF ? 0 : -1;
}

void FileLock::WriteContent(const char* buffer) {
  Operation operation(0);
  DWORD length = 0;
  BOOL started = WriteFile(HandleOf(file_), buffer, kRecordSize, nullptr, &operation.overlapped);
  Finish(HandleOf(file_), &operation, started, &length);
}

LockStatus FileLock::Fail(const char* call) {
  DWORD error = GetLastError();
  error_ = {ErrnoOf(error), call, error};
  Close();
  bool unsupported =
      strcmp(call, "LockFileEx") == 0 && (error == ERROR_INVALID_FUNCTION || error == ERROR_NOT_SUPPORTED);
  return unsupported ? LockStatus::kUnsupported : LockStatus::kFailed;
}

LockStatus FileLock::Unstable(const char* call, int number) {
  error_ = {number, call, GetLastError()};
  Close();
  return LockStatus::kUnstable;
}

void FileLock::Close() {
  if (file_ != -1) CloseHandle(HandleOf(file_));
  file_ = -1;
}

}  // namespace zjj
