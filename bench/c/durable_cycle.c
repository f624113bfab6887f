// Makes the system calls of store transactions (docs/protocol.md) and nothing else, one transaction after the other.
// This is the upper limit for setConfigValue.
//
//   durable_cycle DIRECTORY SECONDS [PROCESSES]      prints the cycles per second, summed over all processes

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static char config[PATH_MAX], lock[PATH_MAX], temporary[PATH_MAX];
static const char *directory;

static void check(long result, const char *call) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", call, strerror(errno));
  exit(1);
}

static void check_is_at_path(const struct stat *open_file, const char *path) {
  struct stat file_at_path;
  check(lstat(path, &file_at_path), "lstat");
  if (open_file->st_dev == file_at_path.st_dev && open_file->st_ino == file_at_path.st_ino) return;
  fprintf(stderr, "%s was replaced by another program\n", path);
  exit(1);
}

static void resolve(void) {
  char resolved[PATH_MAX];
  check(realpath(config, resolved) == NULL ? -1 : 0, "realpath");
}

static void replace(const char *text, size_t length) {
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  check(fd, "open");
  check(write(fd, text, length), "write");
  struct stat fresh;
  check(fstat(fd, &fresh), "fstat");
  if (fremovexattr(fd, "system.posix_acl_access") != 0 && errno != ENODATA && errno != ENOTSUP)
    check(-1, "fremovexattr");
  check(listxattr(config, NULL, 0), "listxattr");
  check(fchmod(fd, 0644), "fchmod");
  check(fsync(fd), "fsync");
  check(close(fd), "close");
}

static void cycle(unsigned long number) {
  char record[256], text[4096];
  struct stat lock_file, config_file;
  resolve();
  check(stat(config, &config_file), "stat");
  check(lstat(lock, &lock_file), "lstat");
  int lock_fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  check(lock_fd, "open");
  check(fstat(lock_fd, &lock_file), "fstat");
  if (flock(lock_fd, LOCK_EX | LOCK_NB) != 0) check(flock(lock_fd, LOCK_EX), "flock");
  check_is_at_path(&lock_file, lock);
  check(pread(lock_fd, record, sizeof(record), 0), "pread");
  memset(record, ' ', sizeof(record));
  check(pwrite(lock_fd, record, sizeof(record), 0), "pwrite");

  int config_fd = open(config, O_RDONLY | O_CLOEXEC);
  check(config_fd, "open");
  check(fstat(config_fd, &config_file), "fstat");
  check(read(config_fd, text, sizeof(text)), "read");
  check(close(config_fd), "close");

  int length = snprintf(text, sizeof(text), "key = %lu\n", number);
  replace(text, (size_t)length);
  check_is_at_path(&lock_file, lock);
  check_is_at_path(&config_file, config);
  check(rename(temporary, config), "rename");

  check(pwrite(lock_fd, record, sizeof(record), 0), "pwrite");
  check(flock(lock_fd, LOCK_UN), "flock");
  check(close(lock_fd), "close");

  int directory_fd = open(directory, O_RDONLY | O_CLOEXEC);
  check(directory_fd, "open");
  check(fsync(directory_fd), "fsync");
  check(close(directory_fd), "close");
}

static void create(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  check(fd, "open");
  check(close(fd), "close");
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cycles_per_second(double duration) {
  unsigned long cycles = 0;
  double start = seconds();
  while (seconds() - start < duration) cycle(cycles++);
  return (double)cycles / (seconds() - start);
}

int main(int argc, char **argv) {
  double duration = argc > 2 ? atof(argv[2]) : 0;
  int processes = argc > 3 ? atoi(argv[3]) : 1;
  if (duration <= 0 || processes < 1) {
    fputs("usage: durable_cycle DIRECTORY SECONDS [PROCESSES]\n", stderr);
    return 2;
  }
  directory = argv[1];
  snprintf(config, sizeof(config), "%s/config.toml", directory);
  snprintf(lock, sizeof(lock), "%s/config.toml.lock", directory);
  create(config);
  create(lock);

  int results[2];
  check(pipe(results), "pipe");
  for (int process = 0; process < processes; process++) {
    pid_t child = fork();
    check(child, "fork");
    if (child != 0) continue;
    snprintf(temporary, sizeof(temporary), "%s/.config.toml.%d.tmp", directory, (int)getpid());
    double rate = cycles_per_second(duration);
    check(write(results[1], &rate, sizeof(rate)), "write");
    return 0;
  }
  check(close(results[1]), "close");
  double rate, sum = 0;
  int reports = 0;
  while (read(results[0], &rate, sizeof(rate)) == sizeof(rate)) {
    sum += rate;
    reports++;
  }
  printf("%.1f\n", sum);
  return reports == processes ? 0 : 1;
}
