// WaitThread on POSIX threads: flock(2) is woken by a signal to that thread alone. The contract is in wait_thread.h.

#ifdef __APPLE__
#include <dlfcn.h>

#include <initializer_list>
#endif
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <time.h>

#include <new>

#include "wait_thread.h"

namespace zjj {

namespace {

// A wait needs little of its own; thread-local storage of the host and a signal frame with vector registers do.
constexpr size_t kStackSize = 256UL * 1024;

void Wake(int) {}

// 0: not looked for yet; -1: there is none.
std::atomic<int> wake_signal{0};
pthread_mutex_t wake_signal_mutex = PTHREAD_MUTEX_INITIALIZER;

bool IsOurs(int signal_number) {
  struct sigaction current;
  return sigaction(signal_number, nullptr, &current) == 0 && (current.sa_flags & SA_SIGINFO) == 0 &&
         current.sa_handler == Wake;
}

bool IsDefault(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

// Takes the signal if nobody uses it.
bool Take(int signal_number) {
  struct sigaction current;
  if (sigaction(signal_number, nullptr, &current) != 0 || !IsDefault(current)) return false;
  struct sigaction ours = {};
  ours.sa_handler = Wake;
  sigemptyset(&ours.sa_mask);
  ours.sa_flags = 0;  // no SA_RESTART: flock() must come back with EINTR
  if (sigaction(signal_number, &ours, &current) != 0) return false;
  if (IsDefault(current)) return true;
  sigaction(signal_number, &current, nullptr);  // somebody was quicker between the two calls
  return false;
}

int TakeAny() {
#ifdef SIGRTMAX
  // Never SIGURG here: process.on('SIGURG') makes libuv install a handler with SA_RESTART. The macros are functions,
  // and musl's differ from glibc's.
  for (int signal_number = SIGRTMAX - 2; signal_number > SIGRTMIN; signal_number--) {
    if (Take(signal_number)) return signal_number;
  }
#else
  for (int signal_number : {SIGURG, SIGIO, SIGINFO}) {
    if (Take(signal_number)) return signal_number;
  }
#endif
  return -1;
}

// Taken once for each loaded copy of the addon and never given back: a second copy takes the next one.
int WakeSignal() {
  int found = wake_signal.load(std::memory_order_acquire);
  if (found != 0) return found;
  pthread_mutex_lock(&wake_signal_mutex);
  found = wake_signal.load(std::memory_order_relaxed);
  if (found == 0) {
    found = TakeAny();
    wake_signal.store(found, std::memory_order_release);
  }
  pthread_mutex_unlock(&wake_signal_mutex);
  return found;
}

struct timespec TimeSpecOf(double ms) {
  struct timespec result;
  double seconds = static_cast<double>(static_cast<int64_t>(ms / 1000));
  result.tv_sec = static_cast<time_t>(seconds);
  result.tv_nsec = static_cast<long>((ms - seconds * 1000) * 1e6);
  return result;
}

// As debuggers and /proc show it.
void NameThread(const char* name) {
#ifdef __APPLE__
  pthread_setname_np(name);
#elif defined(__linux__)
  prctl(PR_SET_NAME, name, 0, 0, 0);
#else
  (void)name;
#endif
}

// About three years, far below where time_t and nanoseconds overflow.
constexpr double kLongestMs = 1e11;

}  // namespace

struct WaitThread::Platform {
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t change;
};

WaitThread::WaitThread() : platform_(new (std::nothrow) Platform) {
  if (platform_ == nullptr) return;
  pthread_mutex_init(&platform_->mutex, nullptr);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
#ifndef __APPLE__
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
  pthread_cond_init(&platform_->change, &attributes);
  pthread_condattr_destroy(&attributes);
}

WaitThread::~WaitThread() {
  if (platform_ == nullptr) return;
  pthread_cond_destroy(&platform_->change);
  pthread_mutex_destroy(&platform_->mutex);
  delete platform_;
}

bool WaitThread::IsCancellable() {
  int signal_number = WakeSignal();
  return signal_number > 0 && IsOurs(signal_number);
}

bool WaitThread::IsReady() const { return platform_ != nullptr; }

bool WaitThread::StartThread() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  // The thread inherits a mask in which everything is blocked: the signals of the process are not for it.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failure = pthread_create(
      &platform_->thread, &attributes,
      [](void* self) -> void* {
        sigset_t wake;
        sigemptyset(&wake);
        sigaddset(&wake, WakeSignal());
        pthread_sigmask(SIG_UNBLOCK, &wake, nullptr);
        NameThread("zjj lock wait");
        static_cast<WaitThread*>(self)->Run();
        return nullptr;
      },
      this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return failure == 0;
}

void WaitThread::JoinThread() { pthread_join(platform_->thread, nullptr); }

void WaitThread::DetachThread() { pthread_detach(platform_->thread); }

void WaitThread::ResetCancel() {}

void WaitThread::LockMutex() { pthread_mutex_lock(&platform_->mutex); }

void WaitThread::UnlockMutex() { pthread_mutex_unlock(&platform_->mutex); }

void WaitThread::SignalChange() { pthread_cond_broadcast(&platform_->change); }

void WaitThread::WaitForChange(double timeout_ms) {
  if (timeout_ms < 0 || timeout_ms > kLongestMs) {
    pthread_cond_wait(&platform_->change, &platform_->mutex);
    return;
  }
#ifdef __APPLE__
  struct timespec left = TimeSpecOf(timeout_ms);
  pthread_cond_timedwait_relative_np(&platform_->change, &platform_->mutex, &left);
#else
  struct timespec until = TimeSpecOf(MonotonicMs() + timeout_ms);
  pthread_cond_timedwait(&platform_->change, &platform_->mutex, &until);
#endif
}

bool WaitThread::Cancel() {
  cancellation_.requested.store(true, std::memory_order_release);
  int signal_number = WakeSignal();
  // Whoever replaced our handler may have made the signal deadly: the default action of a real-time signal is to kill.
  if (!IsOurs(signal_number)) return false;
  // Not joined yet, so the thread's name is still its own even if it has ended.
  pthread_kill(platform_->thread, signal_number);
  return true;
}

void KeepLoaded() {
  // ELF: linked with -z nodelete, which also holds before this runs.
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
  // A sleep may be prolonged by the thread's timer slack, 50 µs by default: as much again as a pause between turns.
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

}  // namespace zjj
