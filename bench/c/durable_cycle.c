// The system calls of one store transaction (docs/protocol.md) and nothing else, one transaction after the other: what
// setConfigValue could reach at most.
//
//   durable_cycle DIRECTORY CYCLES      prints cycles per second

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char config[PATH_MAX], lock[PATH_MAX], temporary[PATH_MAX];
static const char *directory;

static void check(long result, const char *call) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", call, strerror(errno));
  exit(1);
}

static void check_is_at_path(const struct stat *open_file) {
  struct stat file_at_path;
  check(lstat(lock, &file_at_path), "lstat");
  if (open_file->st_dev == file_at_path.st_dev && open_file->st_ino == file_at_path.st_ino) return;
  fputs("somebody replaced the lock file\n", stderr);
  exit(1);
}

static void replace(const char *text, size_t length) {
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  check(fd, "open");
  check(write(fd, text, length), "write");
  check(fchmod(fd, 0644), "fchmod");
  check(fsync(fd), "fsync");
  check(close(fd), "close");
}

static void cycle(unsigned number) {
  char record[256], text[4096];
  int lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0666);
  check(lock_fd, "open");
  struct stat lock_file;
  check(fstat(lock_fd, &lock_file), "fstat");
  check(flock(lock_fd, LOCK_EX | LOCK_NB), "flock");
  check_is_at_path(&lock_file);
  check(pread(lock_fd, record, sizeof(record), 0), "pread");
  memset(record, ' ', sizeof(record));
  check(pwrite(lock_fd, record, sizeof(record), 0), "pwrite");

  int config_fd = open(config, O_RDONLY | O_CLOEXEC);
  check(config_fd, "open");
  check(read(config_fd, text, sizeof(text)), "read");
  check(close(config_fd), "close");

  int length = snprintf(text, sizeof(text), "key = %u\n", number);
  replace(text, (size_t)length);
  check_is_at_path(&lock_file);
  check(rename(temporary, config), "rename");

  check(pwrite(lock_fd, record, sizeof(record), 0), "pwrite");
  check(flock(lock_fd, LOCK_UN), "flock");
  check(close(lock_fd), "close");

  int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(directory_fd, "open");
  check(fsync(directory_fd), "fsync");
  check(close(directory_fd), "close");
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  unsigned cycles = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
  if (cycles == 0) {
    fputs("usage: durable_cycle DIRECTORY CYCLES\n", stderr);
    return 2;
  }
  directory = argv[1];
  snprintf(config, sizeof(config), "%s/config.toml", directory);
  snprintf(lock, sizeof(lock), "%s/config.toml.lock", directory);
  snprintf(temporary, sizeof(temporary), "%s/.config.toml.bench.tmp", directory);

  int config_fd = open(config, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  check(config_fd, "open");
  check(close(config_fd), "close");
  double start = seconds();
  for (unsigned number = 0; number < cycles; number++) cycle(number);
  printf("%.1f\n", cycles / (seconds() - start));
  return 0;
}
