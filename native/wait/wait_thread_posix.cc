// WaitThread on POSIX threads. A signal sent to that thread alone interrupts flock(2). The contract is in
// wait_thread.h.

#ifdef __APPLE__
#include <initializer_list>
#endif
#include <pthread.h>
#include <signal.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "platform/platform.h"
#include "platform/timespec.h"
#include "wait/wait_thread.h"

namespace zjj {

namespace {

// The wait itself needs little. The host's thread-local storage and a signal frame with vector registers need more.
constexpr size_t kStackSize = 256UL * 1024;

// About three years, far below the point where time_t or nanoseconds overflow.
constexpr double kLongestMs = 1e11;

void OnWakeSignal(int) {}

// 0: not chosen yet. -1: no signal is free.
std::atomic<int> wake_signal{0};
pthread_mutex_t wake_signal_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;

bool HasOurHandler(int signal_number) {
  struct sigaction current;
  return sigaction(signal_number, nullptr, &current) == 0 && (current.sa_flags & SA_SIGINFO) == 0 &&
         current.sa_handler == OnWakeSignal;
}

bool IsDefault(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

// Takes the signal if nobody uses it. Returns false otherwise.
bool TakeSignal(int signal_number) {
  struct sigaction current;
  if (sigaction(signal_number, nullptr, &current) != 0 || !IsDefault(current)) return false;
  struct sigaction ours = {};
  ours.sa_handler = OnWakeSignal;
  sigemptyset(&ours.sa_mask);
  ours.sa_flags = 0;  // no SA_RESTART: flock() must fail with EINTR
  if (sigaction(signal_number, &ours, &current) != 0) return false;
  if (IsDefault(current)) return true;
  sigaction(signal_number, &current, nullptr);  // someone took it between the two calls
  return false;
}

int TakeAnySignal() {
#ifdef SIGRTMAX
  // Never SIGURG here: process.on('SIGURG') makes libuv install a handler with SA_RESTART. SIGRTMIN and SIGRTMAX are
  // function calls, and musl's values differ from glibc's.
  for (int signal_number = SIGRTMAX - 2; signal_number > SIGRTMIN; signal_number--) {
    if (TakeSignal(signal_number)) return signal_number;
  }
#else
  for (int signal_number : {SIGURG, SIGIO, SIGINFO}) {
    if (TakeSignal(signal_number)) return signal_number;
  }
#endif
  return -1;
}

// Each loaded copy of the addon takes a signal once and keeps it. A second copy takes the next free one.
int WakeSignal() {
  int signal_number = wake_signal.load(std::memory_order_acquire);
  if (signal_number != 0) return signal_number;
  pthread_mutex_lock(&wake_signal_mutex);
  signal_number = wake_signal.load(std::memory_order_relaxed);
  if (signal_number == 0) {
    signal_number = TakeAnySignal();
    wake_signal.store(signal_number, std::memory_order_release);
  }
  pthread_mutex_unlock(&wake_signal_mutex);
  return signal_number;
}

// Debuggers and /proc show the name.
void NameThread(const char* name) {
#ifdef __APPLE__
  pthread_setname_np(name);
#elif defined(__linux__)
  prctl(PR_SET_NAME, name, 0, 0, 0);
#else
  (void)name;
#endif
}

}  // namespace

struct WaitThread::Platform {
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t change;
};

WaitThread::WaitThread() : platform_(new Platform) {
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
  pthread_cond_destroy(&platform_->change);
  pthread_mutex_destroy(&platform_->mutex);
  delete platform_;
}

bool WaitThread::Wake() {
  int signal_number = WakeSignal();
  // If someone replaced our handler, the signal may kill the process: that is a real-time signal's default action.
  if (!HasOurHandler(signal_number)) return false;
  // The thread has not been joined, so its ID is valid even if it has exited. Fails with EAGAIN if the user's queue of
  // real-time signals is full, which may pass.
  pthread_kill(platform_->thread, signal_number);
  return true;
}

bool WaitThread::IsCancellable() {
  int signal_number = WakeSignal();
  return signal_number > 0 && HasOurHandler(signal_number);
}

bool WaitThread::StartThread() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  // The new thread inherits a mask that blocks every signal: it must not handle the signals of the process.
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

// A cancellation has nothing beyond its flag.
void WaitThread::ResetCancel() {}

void WaitThread::LockList() { pthread_mutex_lock(&list_mutex); }

void WaitThread::UnlockList() { pthread_mutex_unlock(&list_mutex); }

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

}  // namespace zjj
