#include <abi/base/log.hpp>
#include <abi/task/scheduler.hpp>
#include <abi/task/sync_wait.hpp>

namespace libabi::task {

// Notified under the lock: once it is released, the waiting thread may take the job, finish, and destroy the loop.
void detail::CallerLoop::submit(Job& job) noexcept {
  job.next = nullptr;
  const std::lock_guard lock(mutex_);
  if (last_)
    last_->next = &job;
  else
    first_ = &job;
  last_ = &job;
  arrived_.notify_one();
}

void detail::CallerLoop::run() noexcept {
  const Executor::Current current(this);
  const NoDriver alone;
  while (!finished_) {
    std::unique_lock lock(mutex_);
    if (!first_) {
      lock.unlock();
      const BlockingScope blocking;  // where it is a scheduler's worker that waits
      lock.lock();
      arrived_.wait(lock, [this] { return first_ != nullptr; });
    }
    Job* job = std::exchange(first_, nullptr);
    last_ = nullptr;
    lock.unlock();
    while (job) {
      Job* const next = job->next;  // the job may be gone once it has run
      job->run(*job);
      job = next;
    }
  }
}

void detail::Root::promise_type::unhandled_exception() const noexcept {
  const Error failure = libabi::detail::current_exception_error();
  log(LogLevel::error, "a callback of a task threw: {}", failure.message);
}

}  // namespace libabi::task
