// Platform services on Windows. The contract is in platform.h.

#include "platform/platform.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

namespace zjj {

namespace {

DWORD thread_value;
INIT_ONCE thread_value_once = INIT_ONCE_STATIC_INIT;

DWORD ThreadValueIndex() {
  auto create = [](PINIT_ONCE, PVOID, PVOID*) -> BOOL {
    thread_value = TlsAlloc();
    return TRUE;
  };
  InitOnceExecuteOnce(&thread_value_once, create, nullptr, nullptr);
  return thread_value;
}

}  // namespace

void KeepLoaded() {
  HMODULE self;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&KeepLoaded), &self);
}

// About three weeks. Fits into a DWORD without meaning INFINITE.
constexpr double kLongestMs = 2e9;

// Below a millisecond this only yields the processor. A tick of the system clock is far longer.
void SleepMs(double ms) { Sleep(ms > 0 ? static_cast<DWORD>(ms < kLongestMs ? ms : kLongestMs) : 0); }

double MonotonicMs() {
  LARGE_INTEGER frequency, now;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  return static_cast<double>(now.QuadPart) * 1000 / static_cast<double>(frequency.QuadPart);
}

int64_t UnixMs() {
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  int64_t ticks = (static_cast<int64_t>(now.dwHighDateTime) << 32) | now.dwLowDateTime;  // 100 ns since 1601
  return ticks / 10000 - 11644473600000LL;
}

int64_t BootUnixMs() { return UnixMs() - static_cast<int64_t>(GetTickCount64()); }

void* ThreadValue() { return TlsGetValue(ThreadValueIndex()); }

void SetThreadValue(void* value) { TlsSetValue(ThreadValueIndex(), value); }

}  // namespace zjj
