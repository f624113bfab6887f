// Platform services on POSIX systems. The contract is in platform.h.

#ifdef __APPLE__
#include <dlfcn.h>
#endif
#include <errno.h>
#include <pthread.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <stdlib.h>
#include <time.h>

#include "platform/platform.h"
#include "platform/timespec.h"

namespace zjj {

namespace {

pthread_key_t thread_value;
pthread_once_t thread_value_once = PTHREAD_ONCE_INIT;

void CreateThreadValue() {
  // Fails only beyond a thousand keys in the process.
  if (pthread_key_create(&thread_value, nullptr) != 0) abort();
}

}  // namespace

void KeepLoaded() {
  // ELF binaries are linked with -z nodelete instead, which takes effect before this function runs.
#ifdef __APPLE__
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&KeepLoaded), &self) != 0) {
    dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
  }
#endif
}

void SleepMs(double ms) {
  struct timespec left = TimeSpecOf(ms);
#ifdef __linux__
  // The kernel may prolong a sleep by the thread's timer slack. The default of 50 µs would nearly double the pause
  // between two turns.
  int slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
#endif
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
#ifdef __linux__
  prctl(PR_SET_TIMERSLACK, slack, 0, 0, 0);
#endif
}

double MonotonicMs() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1000 + static_cast<double>(now.tv_nsec) / 1e6;
}

int64_t UnixMs() {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

int64_t BootUnixMs() {
#ifdef CLOCK_BOOTTIME
  constexpr clockid_t kSinceBoot = CLOCK_BOOTTIME;
#else
  // On macOS it counts the time asleep too.
  constexpr clockid_t kSinceBoot = CLOCK_MONOTONIC;
#endif
  struct timespec up;
  clock_gettime(kSinceBoot, &up);
  return UnixMs() - static_cast<int64_t>(up.tv_sec) * 1000 - up.tv_nsec / 1000000;
}

void* ThreadValue() {
  pthread_once(&thread_value_once, CreateThreadValue);
  return pthread_getspecific(thread_value);
}

void SetThreadValue(void* value) {
  pthread_once(&thread_value_once, CreateThreadValue);
  pthread_setspecific(thread_value, value);
}

}  // namespace zjj
