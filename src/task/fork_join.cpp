#include "fork_join_stack.hpp"

#include <abi/base/boundary.hpp>
#include <abi/task/fork_join.hpp>

#include <memory>
#include <utility>

namespace libabi::task::detail {

namespace {

constexpr std::int32_t kFailed = 1;
constexpr std::int32_t kOne = 2;

using Next = std::coroutine_handle<>;
Next nothing() noexcept { return std::noop_coroutine(); }

bool has_failed(const ForkFrame& task) noexcept { return (task.joins.load(std::memory_order_relaxed) & kFailed) != 0; }

// The task is suspended. True: its children are through, and this thread has it. False: somebody else will, or has by now.
bool joined(ForkFrame& task) noexcept {
  if (const std::uint32_t steals = task.steals & ~(failure_unseen | asks)) {
    const auto children = static_cast<std::int32_t>(steals) * kOne;
    // release: whoever comes last continues the task; acquire: it sees what all the children wrote.
    const std::int32_t left = task.joins.fetch_add(children, std::memory_order_acq_rel) + children;
    if (left >= kOne) {
      rest_stack();
      return false;
    }
    go_over_to(stack_of(task));
  }
  task.steals &= asks;
  return true;
}

Next end(ForkFrame* task) noexcept;

// The task is suspended at its join or its end, and joined; or it is to end where it is.
Next after_join(ForkFrame& task) noexcept {
  const Next handle = task.handle();
  if (handle.done() || (has_failed(task) && (task.steals & asks) == 0)) return end(&task);
  return handle;
}

Error* new_error(Error&& error) noexcept { return new (std::nothrow) Error(std::move(error)); }

// The task, which is joined, is over: whoever waits for it goes on. Each turn of the loop is a task that fails because a task
// that it called did.
Next end(ForkFrame* task) noexcept {
  for (;;) {
    const bool failure = has_failed(*task);
    Error* const error = failure ? task->error : nullptr;
    const std::uintptr_t up = task->up;
    discard(*task);
    if ((up & root) != 0) {
      rest_stack();
      reinterpret_cast<ForkRoot*>(up - root)->end(failure, error);
      return nothing();
    }
    ForkFrame& parent = *reinterpret_cast<ForkFrame*>(up & ~how_bits);
    if ((up & called) == 0) {
      if (failure) record_failure(parent, error);
      Job* const popped = fork_thread.worker->pop();
      if (popped != &parent.job()) return arrive(parent, popped);
      if (failure) parent.steals |= failure_unseen;
      return parent.handle();
    }
    if (!failure) return parent.handle();
    if ((parent.steals & asks) != 0) {
      fork_thread.handed = error;
      fork_thread.handing = true;
      return parent.handle();
    }
    record_failure(parent, error);
    if (!joined(parent)) return nothing();
    task = &parent;
  }
}

}  // namespace

std::coroutine_handle<> arrive(ForkFrame& parent, Job* popped) noexcept {
  // What the child submitted to this worker lies above the continuation.
  while (popped && popped != &parent.job()) {
    popped->run(*popped);
    popped = fork_thread.worker->pop();
  }
  if (popped) {
    if (has_failed(parent)) parent.steals |= failure_unseen;
    return parent.handle();
  }
  ForkStack& stack = stack_of(parent);
  const bool stays_behind = &stack == current_stack();
  if (stays_behind) stack.top = fork_thread.top;  // for whoever comes last
  // release, acquire: as in joined().
  const std::int32_t left = parent.joins.fetch_sub(kOne, std::memory_order_acq_rel) - kOne;
  if (left == 0 || left == kFailed) {
    go_over_to(stack);
    parent.steals &= asks;
    return after_join(parent);
  }
  if (stays_behind)
    take_stack();
  else
    rest_stack();
  return nothing();
}

std::coroutine_handle<> join_slowly(ForkFrame& task) noexcept { return joined(task) ? after_join(task) : nothing(); }

std::coroutine_handle<> refuse(ForkFrame& task, ForkFrame* child) noexcept {
  Error* error = nullptr;
  if (child) {
    discard(*child);
    const Context* const context = fork_thread.region->context;
    error = new_error(context ? context->stop_error().error() : Error{ErrorCode::cancelled, "was cancelled", {}});
  }
  if ((task.steals & asks) != 0) {
    fork_thread.handed = error;
    fork_thread.handing = true;
    return task.handle();
  }
  record_failure(task, error);
  return join_slowly(task);
}

void discard(ForkFrame& task) noexcept {
  const Next handle = task.handle();
  handle.destroy();
  pop_frame(handle.address());
}

void record_failure(ForkFrame& task, Error* error) noexcept {
  // relaxed: that the child is through is what tells of it.
  if (task.joins.fetch_or(kFailed, std::memory_order_relaxed) & kFailed)
    delete error;
  else
    task.error = error;
}

void fail_with(ForkFrame& task, Error&& error) noexcept {
  record_failure(task, new_error(std::move(error)));
  task.steals |= failure_unseen;
}

void fail_with_exception(ForkFrame& task) noexcept { fail_with(task, libabi::detail::current_exception_error()); }

Error error_of(Error* error) noexcept {
  const std::unique_ptr<Error> owned(error);
  return owned ? std::move(*owned) : Error{ErrorCode::exhausted, "out of memory", {}};
}

Error take_failure(ForkFrame& task) noexcept {
  task.joins.store(0, std::memory_order_relaxed);
  return error_of(task.error);
}

Error take_handed() noexcept {
  fork_thread.handing = false;
  return error_of(std::exchange(fork_thread.handed, nullptr));
}

}  // namespace libabi::task::detail
