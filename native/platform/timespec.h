// Durations as POSIX calls take them.
#ifndef ZJJ_PLATFORM_TIMESPEC_H_
#define ZJJ_PLATFORM_TIMESPEC_H_

#include <time.h>

#include <cstdint>

namespace zjj {

// About three years, far below the point where time_t or nanoseconds overflow.
constexpr double kLongestMs = 1e11;

inline struct timespec TimeSpecOf(double ms) {
  if (!(ms > 0)) ms = 0;
  if (ms > kLongestMs) ms = kLongestMs;
  struct timespec result;
  double seconds = static_cast<double>(static_cast<int64_t>(ms / 1000));
  result.tv_sec = static_cast<time_t>(seconds);
  result.tv_nsec = static_cast<long>((ms - seconds * 1000) * 1e6);
  return result;
}

}  // namespace zjj

#endif  // ZJJ_PLATFORM_TIMESPEC_H_
