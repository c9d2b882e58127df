#include <abi/base/log.hpp>
#include <abi/task/task_scope.hpp>

namespace libabi::task {

void detail::BranchJoin::block() noexcept {
  CallerLoop loop;
  finish_.loop = &loop;
  finish_.run = [](Job& self) noexcept { static_cast<Finish&>(self).loop->finish(); };
  thread_ = &loop;
  if (running_.fetch_sub(1, std::memory_order_acq_rel) != 1) loop.run();
  thread_ = nullptr;
  running_.store(1, std::memory_order_relaxed);
}

// Awaiting a task throws nothing, and neither does keeping its result.
void detail::Branch::promise_type::unhandled_exception() const noexcept {
  log(LogLevel::error, "a branch of a group threw: {}", libabi::detail::current_exception_error().message);
}

void TaskScope::fail(Error failure) noexcept {
  if (!failed_.exchange(true, std::memory_order_acq_rel)) failure_ = std::move(failure);
  if (options_.on_error == OnError::stop_the_rest) request_stop();
}

Result<void> TaskScope::outcome() noexcept {
  if (!failed_.exchange(false, std::memory_order_acq_rel)) return {};
  return std::unexpected(*std::exchange(failure_, std::nullopt));
}

}  // namespace libabi::task
