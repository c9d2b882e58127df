#pragma once
/// A number of permits that coroutines share: at most so many downloads, so many bytes in flight.
///
///     AsyncSemaphore slots(8);
///     Task<Page> fetch(Url url) {
///       ABI_CO_TRY(auto slot, co_await slots.acquire());   // given back when `slot` ends
///       co_return co_await download(url);
///     }
///
/// A semaphore as a signal from one party to the other: `release(n)` adds permits, and `permit.keep()` uses them up.
///
/// Guarantees. Fair: whoever waits is served in order of arrival, also where the first asks for more than the second. acquire()
/// ends with an error where the awaiting coroutine is stopped; it has taken nothing then. Those who may go on do as context.hpp
/// says. Thread-safe; destroyed when nobody holds or waits for permits, right after the last has given them back.
/// Cost. Without waiting about 12 ns to take and give back; nothing allocates.

#include <abi/task/waiters.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace libabi::task {

class ABI_API AsyncSemaphore {
 public:
  class Permit;
  class Acquire;

  explicit AsyncSemaphore(std::size_t permits) noexcept : available_(permits) {}

  /// `co_await semaphore.acquire(n)` is a Result<Permit> of n. More than there will ever be waits forever.
  [[nodiscard]] Acquire acquire(std::size_t count = 1) noexcept;
  /// Nothing where there are too few, or somebody waits.
  [[nodiscard]] std::optional<Permit> try_acquire(std::size_t count = 1) noexcept;
  /// Adds permits, whoever had them before.
  void release(std::size_t count = 1) noexcept;
  /// Those that nobody holds, for a look.
  std::size_t available() const noexcept;

 private:
  friend class detail::Await<AsyncSemaphore, Acquire>;
  bool admit(Acquire& acquire, bool may_wait) noexcept;
  void abandon(Acquire& acquire) noexcept;
  void serve(detail::Resumptions& ready) noexcept;

  mutable std::mutex mutex_;
  std::size_t available_;
  detail::WaitList waiting_;
};

class AsyncSemaphore::Permit {
 public:
  Permit(Permit&& other) noexcept : semaphore_(other.semaphore_), count_(std::exchange(other.count_, 0)) {}
  Permit& operator=(Permit&& other) noexcept {
    std::swap(semaphore_, other.semaphore_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Permit() { release(); }

  /// Gives them back before the end.
  void release() noexcept {
    if (const std::size_t count = std::exchange(count_, 0)) semaphore_->release(count);
  }
  /// They are not given back; returns how many.
  std::size_t keep() noexcept { return std::exchange(count_, 0); }
  std::size_t count() const noexcept { return count_; }

 private:
  friend class AsyncSemaphore;
  Permit(AsyncSemaphore& semaphore, std::size_t count) noexcept : semaphore_(&semaphore), count_(count) {}
  AsyncSemaphore* semaphore_;
  std::size_t count_;
};

class [[nodiscard]] AsyncSemaphore::Acquire : public detail::Await<AsyncSemaphore, Acquire> {
 public:
  Result<Permit> await_resume() noexcept {
    if (!finish()) return waiter.context().stop_error();
    return Permit(*owner_, count_);
  }

 private:
  friend class AsyncSemaphore;
  Acquire(AsyncSemaphore& semaphore, std::size_t count) noexcept : Await(semaphore), count_(count) {}
  std::size_t count_;
};

inline AsyncSemaphore::Acquire AsyncSemaphore::acquire(std::size_t count) noexcept { return Acquire(*this, count); }

}  // namespace libabi::task
