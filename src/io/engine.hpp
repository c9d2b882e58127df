#pragma once
/// What carries out the operations that are started on the disk's files.

#include "disk_file.hpp"

#include <abi/io/disk_storage.hpp>

#include <memory>

namespace libabi::io {

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  /// No operation is under way any more.
  virtual ~Engine() = default;
  virtual void start(Operation& operation) noexcept = 0;
  /// Of an operation that was started and has not finished, or just has: it is not touched, but compared by its address.
  virtual void cancel(Operation& operation) noexcept = 0;
};

/// Errors: exhausted. io_uring also: unsupported.
Result<std::unique_ptr<Engine>> make_thread_engine(const DiskOptions& options);
Result<std::unique_ptr<Engine>> make_ring_engine(const DiskOptions& options);

/// Operations that wait, first in, first out; linked through Job::next.
class OperationQueue {
 public:
  bool empty() const noexcept { return !first_; }
  void push(Operation& operation) noexcept {
    operation.next = nullptr;
    (last_ ? last_->next : first_) = &operation;
    last_ = &operation;
  }
  Operation* pop() noexcept {
    task::Job* const job = first_;
    if (!job) return nullptr;
    first_ = job->next;
    if (!first_) last_ = nullptr;
    return static_cast<Operation*>(job);
  }
  /// True where it was in the queue, and is not any more.
  bool remove(const Operation& operation) noexcept {
    for (task::Job **link = &first_, *before = nullptr; *link; before = *link, link = &(*link)->next) {
      if (*link != &operation) continue;
      *link = operation.next;
      if (last_ == &operation) last_ = before;
      return true;
    }
    return false;
  }

 private:
  task::Job* first_ = nullptr;
  task::Job* last_ = nullptr;
};

}  // namespace libabi::io
