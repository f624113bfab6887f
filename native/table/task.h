// A piece of the store's work that LockTable runs on a thread, such as the commit of a transaction.
#ifndef ZJJ_TABLE_TASK_H_
#define ZJJ_TABLE_TASK_H_

#include "lock/file_lock.h"

namespace zjj {

class Task {
 public:
  Task() = default;
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // Called once, on any thread. The other members are valid afterwards.
  virtual void Run() = 0;

  // 0 for success. JavaScript gets the number.
  int outcome() const { return outcome_; }
  // Set if the task failed.
  const SystemError& error() const { return error_; }

 protected:
  int outcome_ = 0;
  SystemError error_;
};

}  // namespace zjj

#endif  // ZJJ_TABLE_TASK_H_
