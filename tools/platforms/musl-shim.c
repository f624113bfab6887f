/* The symbols of glibc that glibc's libstdc++ needs and musl lacks. They suffice for Bun, which throws no C++
   exceptions. tools/platforms/platforms.mjs builds this file under the name of glibc's loader: libstdc++ needs that
   library too, and musl does not replace it. */

#include <stddef.h>

char __libc_single_threaded = 0;

/* libgcc_s has these under an old symbol version, where musl does not look. */
unsigned __cpu_model[4];
int __cpu_indicator_init(void) {
  return 0;
}

int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) {
  (void)destroy, (void)object, (void)library;
  return 0;
}

/* Answers "not found": the stack cannot be unwound. */
int _dl_find_object(void *address, void *result) {
  (void)address, (void)result;
  return -1;
}

size_t strftime_l(char *text, size_t size, const char *format, const void *time, void *locale);

size_t __strftime_l(char *text, size_t size, const char *format, const void *time, void *locale) {
  return strftime_l(text, size, format, time, locale);
}

long syscall(long number, ...);

unsigned arc4random(void) {
  unsigned random = 0;
  const long getrandom = 318;
  syscall(getrandom, &random, sizeof random, 0);
  return random;
}
