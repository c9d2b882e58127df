#pragma once
/// Waits until something has happened a number of times.
///
///     AsyncLatch loaded(shards.size());
///     for (Shard& shard : shards) start([&] { shard.load(); loaded.count_down(); });
///     ABI_CO_TRY(co_await loaded.wait());
///
/// Guarantees. What was done before a count_down() is seen after the wait. wait() ends with an error where the awaiting coroutine
/// is stopped. Those who wait go on in order of arrival, as context.hpp says. The latch may be destroyed as soon as a wait that
/// succeeded is over, also while the last count_down() is about to return. Counting below zero stays at zero.
/// Cost. About 7 ns each without waiting; nothing allocates.

#include <abi/task/waiters.hpp>

#include <cstddef>

namespace libabi::task {

class ABI_API AsyncLatch {
 public:
  class Wait;

  explicit AsyncLatch(std::size_t count) noexcept : count_(count) {}

  void count_down(std::size_t steps = 1) noexcept;
  /// `co_await latch.wait()` is a Result<void>.
  [[nodiscard]] Wait wait() noexcept;
  bool done() const noexcept;

 private:
  friend class detail::Await<AsyncLatch, Wait>;
  bool admit(Wait& wait, bool may_wait) noexcept;
  void abandon(Wait& wait) noexcept;

  mutable std::mutex mutex_;
  std::size_t count_;
  detail::WaitList waiting_;
};

class [[nodiscard]] AsyncLatch::Wait : public detail::Await<AsyncLatch, Wait> {
 public:
  Result<void> await_resume() noexcept {
    if (!finish()) return waiter.context().stop_error();
    return {};
  }

 private:
  friend class AsyncLatch;
  explicit Wait(AsyncLatch& latch) noexcept : Await(latch) {}
};

inline AsyncLatch::Wait AsyncLatch::wait() noexcept { return Wait(*this); }

}  // namespace libabi::task
