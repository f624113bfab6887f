// WaitThread on Win32 threads: an overlapped LockFileEx is woken by an event. The contract is in wait_thread.h.

#include <new>

#include "wait_thread.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

namespace zjj {

namespace {

// Only address space; the thread-attach code of every DLL of the host runs on it.
constexpr SIZE_T kStackSize = 256 * 1024;

// About three weeks, as far as a DWORD of milliseconds goes without meaning INFINITE.
constexpr double kLongestMs = 2e9;

}  // namespace

struct WaitThread::Platform {
  HANDLE thread = nullptr;
  HANDLE cancel = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  SRWLOCK mutex = SRWLOCK_INIT;
  CONDITION_VARIABLE change = CONDITION_VARIABLE_INIT;
};

WaitThread::WaitThread() : platform_(new (std::nothrow) Platform) {
  if (platform_ != nullptr) cancellation_.event = platform_->cancel;
}

WaitThread::~WaitThread() {
  if (platform_ == nullptr) return;
  if (platform_->thread != nullptr) CloseHandle(platform_->thread);
  if (platform_->cancel != nullptr) CloseHandle(platform_->cancel);
  delete platform_;
}

bool WaitThread::IsCancellable() { return true; }

bool WaitThread::IsReady() const { return platform_ != nullptr && platform_->cancel != nullptr; }

bool WaitThread::StartThread() {
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

// Its handle is closed with the rest, when the thread deletes this.
void WaitThread::DetachThread() {}

void WaitThread::ResetCancel() { ResetEvent(platform_->cancel); }

void WaitThread::LockMutex() { AcquireSRWLockExclusive(&platform_->mutex); }

void WaitThread::UnlockMutex() { ReleaseSRWLockExclusive(&platform_->mutex); }

void WaitThread::SignalChange() { WakeAllConditionVariable(&platform_->change); }

void WaitThread::WaitForChange(double timeout_ms) {
  DWORD left = timeout_ms < 0 || timeout_ms > kLongestMs ? INFINITE : static_cast<DWORD>(timeout_ms) + 1;
  SleepConditionVariableSRW(&platform_->change, &platform_->mutex, left, 0);
}

bool WaitThread::Cancel() {
  cancellation_.requested.store(true, std::memory_order_release);
  return SetEvent(platform_->cancel) != 0;
}

void KeepLoaded() {
  HMODULE self;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&KeepLoaded), &self);
}

// Below a millisecond it only lets others run: a tick of the clock is far longer.
void SleepMs(double ms) { Sleep(static_cast<DWORD>(ms)); }

double MonotonicMs() {
  LARGE_INTEGER frequency, now;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  return static_cast<double>(now.QuadPart) * 1000 / static_cast<double>(frequency.QuadPart);
}

}  // namespace zjj
