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
  CONDITION_VARIABLE is_out = CONDITION_VARIABLE_INIT;
};

WaitThread* WaitThread::Start(FileLock* lock, OnOut on_out, void* context) {
  if (!Reserve()) return nullptr;
  WaitThread* wait = new (std::nothrow) WaitThread(lock, on_out, context);
  if (wait != nullptr && wait->platform_ != nullptr && wait->platform_->cancel != nullptr && wait->StartThread()) {
    return wait;
  }
  delete wait;
  Unreserve();
  return nullptr;
}

WaitThread::WaitThread(FileLock* lock, OnOut on_out, void* context)
    : lock_(lock), on_out_(on_out), context_(context), platform_(new (std::nothrow) Platform) {
  if (platform_ != nullptr) cancellation_.event = platform_->cancel;
}

WaitThread::~WaitThread() {
  if (platform_ == nullptr) return;
  if (platform_->thread != nullptr) CloseHandle(platform_->thread);
  if (platform_->cancel != nullptr) CloseHandle(platform_->cancel);
  delete platform_;
}

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

void WaitThread::Run() {
  status_ = lock_->Wait(cancellation_);
  OnOut on_out = on_out_;
  void* context = context_;
  AcquireSRWLockExclusive(&platform_->mutex);
  out_ = true;
  bool abandoned = abandoned_;
  WakeAllConditionVariable(&platform_->is_out);
  ReleaseSRWLockExclusive(&platform_->mutex);
  if (abandoned) {
    delete lock_;
    delete this;
    Unreserve();
  } else if (on_out != nullptr) {
    on_out(context);
  }
}

bool WaitThread::Cancel() {
  cancellation_.requested.store(true, std::memory_order_release);
  return SetEvent(platform_->cancel) != 0;
}

bool WaitThread::IsOut() {
  AcquireSRWLockShared(&platform_->mutex);
  bool out = out_;
  ReleaseSRWLockShared(&platform_->mutex);
  return out;
}

bool WaitThread::WaitUntilOut(double timeout_ms) {
  AcquireSRWLockExclusive(&platform_->mutex);
  double deadline_ms = MonotonicMs() + timeout_ms;
  while (!out_) {
    DWORD left = INFINITE;
    if (timeout_ms >= 0 && timeout_ms <= kLongestMs) {
      double left_ms = deadline_ms - MonotonicMs();
      if (left_ms <= 0) break;
      left = static_cast<DWORD>(left_ms) + 1;
    }
    SleepConditionVariableSRW(&platform_->is_out, &platform_->mutex, left, 0);
  }
  bool out = out_;
  ReleaseSRWLockExclusive(&platform_->mutex);
  return out;
}

void WaitThread::Join() {
  WaitForSingleObject(platform_->thread, INFINITE);
  Unreserve();
  delete this;
}

bool WaitThread::Abandon() {
  AcquireSRWLockExclusive(&platform_->mutex);
  bool abandons = !out_;
  abandoned_ = abandons;
  ReleaseSRWLockExclusive(&platform_->mutex);
  return abandons;
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
