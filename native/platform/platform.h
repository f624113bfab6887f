// Services of the operating system that every part of the addon uses.
#ifndef ZJJ_PLATFORM_PLATFORM_H_
#define ZJJ_PLATFORM_PLATFORM_H_

#include <cstdint>

namespace zjj {

// Keeps this library mapped until the process ends. A wait thread may still run its code when the worker that loaded it
// exits.
void KeepLoaded();

// Blocks the calling thread.
void SleepMs(double ms);

// A clock that never goes backward. Its zero is arbitrary.
double MonotonicMs();

// The wall clock: milliseconds since 1970-01-01 UTC.
int64_t UnixMs();

// When the system started, by the wall clock of now: milliseconds since 1970-01-01 UTC. A wall clock that was set since
// then moves it.
int64_t BootUnixMs();

// One pointer for each thread, null at first. Not `thread_local`: its storage may be used up when a library is loaded
// late.
void* ThreadValue();
void SetThreadValue(void* value);

}  // namespace zjj

#endif  // ZJJ_PLATFORM_PLATFORM_H_
