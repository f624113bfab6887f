// Makes the system calls open, flock and close and nothing else. This is the speed of the kernel.
//
//   lock_cycle PATH CYCLES
//     One process. Prints cycles per second.
//   lock_cycle PATH PROCESSES HOLD_MS RUN_MS
//     Prints the acquisitions per second of all processes, the longest wait in milliseconds, and the turns of the
//     busiest process divided by those of the least busy.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct result {
  unsigned long turns;
  double longest_wait;
};

static void check(long result, const char *call) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", call, strerror(errno));
  exit(1);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_for(double time) {
  struct timespec left = {(time_t)time, (long)((time - (double)(time_t)time) * 1e9)};
  nanosleep(&left, NULL);
}

static int lock(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  check(fd, "open");
  check(flock(fd, LOCK_EX), "flock");
  return fd;
}

static double cycle(const char *path, unsigned long cycles) {
  double start = seconds();
  for (unsigned long number = 0; number < cycles; number++) check(close(lock(path)), "close");
  return (double)cycles / (seconds() - start);
}

static void contend(const char *path, double hold, double end, struct result *result) {
  for (double now = seconds(); now < end; result->turns++) {
    int fd = lock(path);
    double wait = seconds() - now;
    if (wait > result->longest_wait) result->longest_wait = wait;
    if (hold > 0) sleep_for(hold);
    check(close(fd), "close");
    now = seconds();
  }
}

int main(int argc, char **argv) {
  if (argc == 3) {
    printf("%.0f\n", cycle(argv[1], strtoul(argv[2], NULL, 10)));
    return 0;
  }
  if (argc != 5) {
    fputs("usage: lock_cycle PATH CYCLES | PATH PROCESSES HOLD_MS RUN_MS\n", stderr);
    return 2;
  }
  unsigned long processes = strtoul(argv[2], NULL, 10);
  double hold = strtod(argv[3], NULL) / 1000, run = strtod(argv[4], NULL) / 1000;
  struct result *results =
      mmap(NULL, processes * sizeof(*results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (results == MAP_FAILED) check(-1, "mmap");
  double start = seconds() + 0.2;
  for (unsigned long number = 0; number < processes; number++) {
    pid_t pid = fork();
    check(pid, "fork");
    if (pid != 0) continue;
    sleep_for(start - seconds());
    contend(argv[1], hold, start + run, &results[number]);
    _exit(0);
  }
  while (wait(NULL) > 0) {
  }
  unsigned long turns = 0, most = 0, least = results[0].turns;
  double longest_wait = 0;
  for (unsigned long number = 0; number < processes; number++) {
    turns += results[number].turns;
    if (results[number].turns > most) most = results[number].turns;
    if (results[number].turns < least) least = results[number].turns;
    if (results[number].longest_wait > longest_wait) longest_wait = results[number].longest_wait;
  }
  printf("%.1f %.3f %.3f\n", (double)turns / run, longest_wait * 1000, (double)most / (double)least);
  return 0;
}
