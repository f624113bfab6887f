// The stat functions for glibc older than 2.33, which has them only under these other names. zig 0.11 would link its
// own copies instead. Those set an errno of their own, which the rest of the program does not see.

#include <sys/stat.h>

extern "C" {

int __fxstat64(int version, int fd, struct stat* st) noexcept;
int __lxstat64(int version, const char* path, struct stat* st) noexcept;

#if defined(__x86_64__)
static constexpr int kVersion = 1;
#elif defined(__aarch64__)
static constexpr int kVersion = 0;
#elif defined(__arm__)
static constexpr int kVersion = 3;
#endif

int fstat(int fd, struct stat* st) noexcept { return __fxstat64(kVersion, fd, st); }

int lstat(const char* path, struct stat* st) noexcept { return __lxstat64(kVersion, path, st); }
}
