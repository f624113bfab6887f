// FileLock on LockFileEx. The contract is in file_lock.h.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file_lock.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

namespace zjj {

namespace {

// LockFileEx is mandatory: a lock on the record's own bytes would hide it from everybody else. One byte far beyond any
// end may be locked without the file growing.
constexpr DWORD kLockOffsetHigh = 0x7fffffff;

// Without FILE_SHARE_DELETE: nobody can remove or replace the file while it is open, so the path still names it.
constexpr DWORD kShare = FILE_SHARE_READ | FILE_SHARE_WRITE;
// OPEN_REPARSE_POINT opens a symbolic link itself, which is then refused.
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

// An operation at an offset. The handle is overlapped, so each needs an event of its own and must be drained before the
// OVERLAPPED goes: the kernel writes into it.
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

// Wine has no overlapped wait for a lock: it answers ERROR_IO_PENDING, never sets the event, and lets
// GetOverlappedResult tell of success although the lock is not held.
bool HasOverlappedWait() { return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") == nullptr; }

constexpr DWORD kShortestPollMs = 1;
constexpr DWORD kLongestPollMs = 16;

// The wide form of a UTF-8 path, to be freed; null when it is not UTF-8 or there is no memory.
wchar_t* WidePath(const char* path) {
  int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, nullptr, 0);
  if (length == 0) return nullptr;
  wchar_t* wide = static_cast<wchar_t*>(malloc(static_cast<size_t>(length) * sizeof(wchar_t)));
  if (wide != nullptr) MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, length);
  return wide;
}

}  // namespace

int64_t UnixMs() {
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  int64_t ticks = (static_cast<int64_t>(now.dwHighDateTime) << 32) | now.dwLowDateTime;  // 100 ns since 1601
  return ticks / 10000 - 11644473600000LL;
}

LockStatus FileLock::OpenFile() {
  wchar_t* path = path_ == nullptr ? nullptr : WidePath(path_);
  if (path == nullptr) {
    SetLastError(path_ == nullptr ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_NAME);
    return Fail("MultiByteToWideChar");
  }
  HANDLE file = INVALID_HANDLE_VALUE;
  for (;;) {
    created_ = false;
    writable_ = true;
    file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, kShare, nullptr, OPEN_EXISTING, kFlags, nullptr);
    if (file == INVALID_HANDLE_VALUE &&
        (GetLastError() == ERROR_ACCESS_DENIED || GetLastError() == ERROR_WRITE_PROTECT)) {
      DWORD attributes = GetFileAttributesW(path);
      if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        free(path);
        return LockStatus::kInvalid;
      }
      writable_ = false;
      file = CreateFileW(path, GENERIC_READ, kShare, nullptr, OPEN_EXISTING, kFlags, nullptr);
    }
    if (file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND) {
      file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, kShare, nullptr, CREATE_NEW, kFlags, nullptr);
      created_ = file != INVALID_HANDLE_VALUE;
      writable_ = true;
      if (!created_ && GetLastError() == ERROR_FILE_EXISTS) continue;
    }
    break;
  }
  DWORD failure = GetLastError();
  free(path);
  if (file == INVALID_HANDLE_VALUE) {
    SetLastError(failure);
    return Fail("CreateFileW");
  }
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

bool FileLock::Unlock(bool clean) {
  Release(clean);
  return false;
}

bool FileLock::UnlockFile() {
  // Closing would unlock too, but at a time of the system's own choosing.
  OVERLAPPED at = {};
  at.OffsetHigh = kLockOffsetHigh;
  return UnlockFileEx(HandleOf(file_), 0, 1, 0, &at) != 0;
}

void FileLock::WriteRecord(const char* buffer) {
  Operation operation(0);
  DWORD length = 0;
  BOOL started = WriteFile(HandleOf(file_), buffer, kRecordSize, nullptr, &operation.overlapped);
  Finish(HandleOf(file_), &operation, started, &length);
}

int64_t FileLock::ReadRecord(char* buffer) {
  Operation operation(0);
  DWORD size = 0;
  BOOL started = ReadFile(HandleOf(file_), buffer, kRecordSize, nullptr, &operation.overlapped);
  if (Finish(HandleOf(file_), &operation, started, &size)) return size;
  return GetLastError() == ERROR_HANDLE_EOF ? 0 : -1;
}

// Nobody can remove or replace the file while it is open without FILE_SHARE_DELETE.
bool FileLock::IsCurrent() const { return true; }

// A file has the access control list of its directory.
bool FileLock::GiveTo(uint32_t, uint32_t) { return true; }

LockStatus FileLock::Fail(const char* call) {
  DWORD error = GetLastError();
  error_ = {ErrnoOf(error), call, error};
  Close();
  bool unsupported =
      strcmp(call, "LockFileEx") == 0 && (error == ERROR_INVALID_FUNCTION || error == ERROR_NOT_SUPPORTED);
  return unsupported ? LockStatus::kUnsupported : LockStatus::kFailed;
}

void FileLock::Close() {
  if (file_ != -1) CloseHandle(HandleOf(file_));
  file_ = -1;
  recorded_ = false;
}

}  // namespace zjj
