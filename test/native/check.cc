#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <random>
#include <sstream>
#include <vector>

#include "lock/file_lock.h"
#include "platform/platform.h"

namespace zjj::test {

namespace {

// Children run this program again after exec. A process after fork alone has lost its other threads; sanitizers cannot
// follow that, and the library does not support it.
std::string program;
std::string directory;

constexpr char kRecordStart[] = "{\"pid\":1,\"host\":\"h\",\"command\":\"child\",";

std::vector<std::string> NamesIn(const std::string& path) {
  std::vector<std::string> names;
  DIR* entries = opendir(path.c_str());
  CHECK(entries != nullptr);
  // Each call has its own stream, which makes readdir() safe.
  while (const dirent* entry = readdir(entries)) {  // NOLINT(concurrency-mt-unsafe)
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(entries);
  return names;
}

std::vector<std::string> WaitThreads() {
  std::vector<std::string> threads;
  for (const std::string& thread : NamesIn("/proc/self/task")) {
    // The thread may exit in the meantime.
    std::ifstream file("/proc/self/task/" + thread + "/comm");
    std::string name;
    if (std::getline(file, name) && name == "zjj lock wait") threads.push_back(thread);
  }
  return threads;
}

void TakeLock(FileLock* lock, LockMode mode) {
  LockStatus status = LockStatus::kBusy;
  while (status == LockStatus::kBusy) {
    CHECK(lock->Open({mode}) == LockStatus::kOk);
    status = lock->Try();
    if (status == LockStatus::kBusy) SleepMs(0.05);
  }
  CHECK(status == LockStatus::kOk);
  lock->WriteHolder();
}

[[noreturn]] void Hold(const char* path, char mode) {
  FileLock lock(path, kRecordStart);
  TakeLock(&lock, mode == Holder::kShared ? LockMode::kShared : LockMode::kExclusive);
  char byte = 'h';
  CHECK(write(STDOUT_FILENO, &byte, 1) == 1);
  CHECK(read(STDIN_FILENO, &byte, 1) == 1);
  lock.Release(false);
  _exit(0);
}

[[noreturn]] void Add(const char* path, const char* counter, int times) {
  for (int time = 0; time < times; time++) {
    FileLock lock(path, kRecordStart);
    TakeLock(&lock, LockMode::kExclusive);
    AddOne(counter);
    lock.Release(time % 2 == 0);
    SleepMs(1);
  }
  _exit(0);
}

int StartChild(std::vector<const char*> arguments, int in, int out) {
  arguments.insert(arguments.begin(), program.c_str());
  arguments.push_back(nullptr);
  int pid = fork();
  CHECK(pid >= 0);
  if (pid > 0) return pid;
  if (in >= 0) dup2(in, STDIN_FILENO);
  if (out >= 0) dup2(out, STDOUT_FILENO);
  execv(arguments[0], const_cast<char* const*>(arguments.data()));
  _exit(127);
}

int JoinChild(int pid) {
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  return status;
}

void RemoveDirectory() {
  for (const std::string& name : NamesIn(directory)) {
    std::string path = directory;
    path.append("/").append(name);
    if (unlink(path.c_str()) != 0) rmdir(path.c_str());
  }
  rmdir(directory.c_str());
}

void OtherHandler(int) {}

}  // namespace

void Fail(const char* file, int line, const char* condition) {
  fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  abort();
}

void Start(int argc, char** argv) {
  program = argv[0];
  if (argc == 4 && strcmp(argv[1], "hold") == 0) Hold(argv[2], argv[3][0]);
  if (argc == 5 && strcmp(argv[1], "add") == 0) Add(argv[2], argv[3], static_cast<int>(strtol(argv[4], nullptr, 10)));
  CHECK(argc == 1);
  char name[] = "/tmp/zjj-native-test-XXXXXX";
  CHECK(mkdtemp(name) != nullptr);
  CHECK(chmod(name, 0777) == 0);
  directory = name;
}

void Run(const char* name, void (*test)()) {
  int descriptors = CountDescriptors();
  double start_ms = MonotonicMs();
  test();
  // A thread that nobody joins may not have exited yet.
  while (CountWaitThreads() > 0) SleepMs(1);
  CHECK(CountDescriptors() == descriptors);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
  RemoveDirectory();
  CHECK(mkdir(directory.c_str(), 0777) == 0);
  CHECK(chmod(directory.c_str(), 0777) == 0);
  printf("  %5.0f ms  %s\n", MonotonicMs() - start_ms, name);
  fflush(stdout);
}

void Finish() { RemoveDirectory(); }

std::string NewPath() {
  static std::atomic<int> count{0};
  return directory + "/" + std::to_string(count++) + ".lock";
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  CHECK(file.good());
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

int CountDescriptors() { return static_cast<int>(NamesIn("/proc/self/fd").size()); }

int CountWaitThreads() { return static_cast<int>(WaitThreads().size()); }

int CountBlocked(const std::string& path) {
  struct stat st;
  if (stat(path.c_str(), &st) != 0) return 0;
  std::string pid = " " + std::to_string(getpid()) + " ";
  std::string inode = ":" + std::to_string(st.st_ino) + " ";
  std::ifstream locks("/proc/locks");
  int count = 0;
  for (std::string line; std::getline(locks, line);) {
    bool blocked = line.find("-> FLOCK") != std::string::npos;
    if (blocked && line.find(pid) != std::string::npos && line.find(inode) != std::string::npos) count++;
  }
  return count;
}

uint64_t SignalsBlockedInWaitThread() {
  std::vector<std::string> threads = WaitThreads();
  CHECK(threads.size() == 1);
  std::ifstream status("/proc/self/task/" + threads[0] + "/status");
  const std::string name = "SigBlk:";
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, name.size(), name) == 0) return std::stoull(line.substr(name.size()), nullptr, 16);
  }
  Fail(__FILE__, __LINE__, "the thread has exited");
}

void WaitUntilBlocked(const std::string& path, int count) {
  while (CountBlocked(path) < count) SleepMs(0.2);
}

uint32_t Random(uint32_t limit) {
  static std::atomic<uint32_t> threads{0};
  thread_local std::minstd_rand generator(std::random_device{}() + threads++);
  return static_cast<uint32_t>(generator() % limit);
}

void Spin(double us) {
  double until_ms = MonotonicMs() + us / 1000;
  while (MonotonicMs() < until_ms) {
  }
}

Holder::Holder(const std::string& path, Mode mode) {
  int to_child[2];
  int from_child[2];
  CHECK(pipe2(to_child, O_CLOEXEC) == 0 && pipe2(from_child, O_CLOEXEC) == 0);
  const char letter[] = {mode, '\0'};
  pid_ = StartChild({"hold", path.c_str(), letter}, to_child[0], from_child[1]);
  to_child_ = to_child[1];
  close(to_child[0]);
  close(from_child[1]);
  char byte;
  CHECK(read(from_child[0], &byte, 1) == 1);
  close(from_child[0]);
}

Holder::~Holder() {
  if (pid_ != 0) Kill();
}

void Holder::Release() {
  char byte = 'r';
  CHECK(write(to_child_, &byte, 1) == 1);
  CHECK(JoinChild(pid_) == 0);
  close(to_child_);
  pid_ = 0;
}

void Holder::Kill() {
  kill(pid_, SIGKILL);
  CHECK(WIFSIGNALED(JoinChild(pid_)));
  close(to_child_);
  pid_ = 0;
}

Adder::Adder(const std::string& path, const std::string& counter, int times)
    : pid_(StartChild({"add", path.c_str(), counter.c_str(), std::to_string(times).c_str()}, -1, -1)) {}

Adder::~Adder() {
  if (pid_ != 0) Join();
}

void Adder::Join() {
  CHECK(JoinChild(pid_) == 0);
  pid_ = 0;
}

void AddOne(const std::string& counter) {
  int number = std::stoi(ReadFile(counter));
  Spin(20);
  WriteFile(counter, std::to_string(number + 1));
}

FullSignalQueue::FullSignalQueue() {
  CHECK(getrlimit(RLIMIT_SIGPENDING, &saved_) == 0);
  const struct rlimit none = {0, saved_.rlim_max};
  CHECK(setrlimit(RLIMIT_SIGPENDING, &none) == 0);
}

FullSignalQueue::~FullSignalQueue() { CHECK(setrlimit(RLIMIT_SIGPENDING, &saved_) == 0); }

int WakeSignalNumber() {
  for (int number = SIGRTMAX - 2; number > SIGRTMIN; number--) {
    struct sigaction action;
    if (sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_DFL) return number;
  }
  Fail(__FILE__, __LINE__, "no signal is taken");
}

StolenSignal::StolenSignal() : signal_number_(WakeSignalNumber()) {
  struct sigaction action = {};
  CHECK(sigaction(signal_number_, nullptr, &saved_) == 0);
  action.sa_handler = OtherHandler;
  action.sa_flags = SA_RESTART;
  CHECK(sigaction(signal_number_, &action, nullptr) == 0);
}

StolenSignal::~StolenSignal() { CHECK(sigaction(signal_number_, &saved_, nullptr) == 0); }

}  // namespace zjj::test
