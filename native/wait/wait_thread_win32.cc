// WaitThread on Win32 threads. An event interrupts an overlapped LockFileEx. The contract is in wait_thread.h.

#include "wait/wait_thread.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

namespace zjj {

namespace {

// Reserves address space only. The thread-attach code of every DLL in the host runs on this stack.
constexpr SIZE_T kStackSize = 256 * 1024;

// About three weeks. Fits into a DWORD of milliseconds without meaning INFINITE.
constexpr double kLongestMs = 2e9;

SRWLOCK list_mutex = SRWLOCK_INIT;

}  // namespace

struct WaitThread::Platform {
  HANDLE thread = nullptr;
  HANDLE cancel = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  SRWLOCK mutex = SRWLOCK_INIT;
  CONDITION_VARIABLE change = CONDITION_VARIABLE_INIT;
};

WaitThread::WaitThread() : platform_(new Platform) { cancellation_.event = platform_->cancel; }

WaitThread::~WaitThread() {
  if (platform_->thread != nullptr) CloseHandle(platform_->thread);
  if (platform_->cancel != nullptr) CloseHandle(platform_->cancel);
  delete platform_;
}

bool WaitThread::Wake() { return SetEvent(platform_->cancel) != 0; }

bool WaitThread::IsCancellable() { return true; }

bool WaitThread::StartThread() {
  if (platform_->cancel == nullptr) return false;
  platform_->thread = CreateThread(
      nullptr, kStackSize,
      [](void* self) -> DWORD {
        static_cast<WaitThread*>(self)->Run();
        return 0;
      },
      this, STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  return platform_->thread != nullptr;
}

void WaitThread::JoinThread() { WaitForSingleObject(platform_->thread, INFINITE); }

// The destructor closes the thread's handle when the thread deletes this object.
void WaitThread::DetachThread() {}

void WaitThread::ResetCancel() { ResetEvent(platform_->cancel); }

void WaitThread::LockList() { AcquireSRWLockExclusive(&list_mutex); }

void WaitThread::UnlockList() { ReleaseSRWLockExclusive(&list_mutex); }

void WaitThread::LockMutex() { AcquireSRWLockExclusive(&platform_->mutex); }

void WaitThread::UnlockMutex() { ReleaseSRWLockExclusive(&platform_->mutex); }

void WaitThread::SignalChange() { WakeAllConditionVariable(&platform_->change); }

void WaitThread::WaitForChange(double timeout_ms) {
  DWORD left = timeout_ms < 0 || timeout_ms > kLongestMs ? INFINITE : static_cast<DWORD>(timeout_ms) + 1;
  SleepConditionVariableSRW(&platform_->change, &platform_->mutex, left, 0);
}

}  // namespace zjj
