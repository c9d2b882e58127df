#pragma once
/// `co_await schedule_on(executor)`: the coroutine goes on as a job of the executor, and belongs there from now on: after every
/// later await it comes back to it (see context.hpp). It is also how a task gives others a turn, and changes its priority.
///
///     Task<int> answer(Scheduler& scheduler) {
///       ABI_CO_TRY(co_await schedule_on(scheduler));  // from here on, on a worker
///       ...
///     }
///
/// The result is `cancelled` (or the reason of the stop) where the token of the coroutine was stopped before it went on; it has
/// gone over to the executor then too. No other errors. Costs no allocation; on a worker of a Scheduler about 7 ns.

#include <abi/task/context.hpp>

namespace libabi::task {

class ScheduleOn : private Job {
 public:
  using FollowsContext = void;

  explicit ScheduleOn(Executor& executor, Priority order = Priority::normal) noexcept : executor_(&executor) {
    priority = order;
    run = [](Job& self) noexcept { detail::drive(static_cast<ScheduleOn&>(self).waiting_); };
  }
  ScheduleOn(const ScheduleOn&) = delete;
  ScheduleOn& operator=(const ScheduleOn&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    if constexpr (detail::HasContext<Promise>) {
      const Place there{executor_, priority};
      if (waiting.promise().place() != there) waiting.promise().move_to(there);
      context_ = waiting.promise().context_pointer();
    }
    waiting_ = waiting;
    executor_->submit(*this);
  }
  Result<void> await_resume() const noexcept {
    if (context_ && context_->stopped()) [[unlikely]]
      return context_->stop_error();
    return {};
  }

 private:
  Executor* executor_;
  const Context* context_ = nullptr;
  std::coroutine_handle<> waiting_;
};

[[nodiscard]] inline ScheduleOn schedule_on(Executor& executor, Priority order = Priority::normal) noexcept {
  return ScheduleOn(executor, order);
}

}  // namespace libabi::task
