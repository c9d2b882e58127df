#pragma once
/// Mutual exclusion of coroutines: whoever waits is suspended, and its thread does something else.
///
///     AsyncMutex mutex;
///     Task<void> add(Ledger& ledger, Entry entry) {
///       ABI_CO_TRY(auto guard, co_await mutex.lock());   // held until `guard` ends, over awaits too
///       co_await ledger.append(std::move(entry));
///       co_return {};
///     }
///
/// Guarantees. Fair: the mutex goes to those who wait in the order in which they came, and nobody overtakes them. lock() ends
/// with an error, `cancelled` or what stopped the context, where the awaiting coroutine is stopped; it holds nothing then. The
/// guard may be moved and may end on any thread. Who is next goes on as context.hpp says: as a job of its executor, or inline in
/// the guard's end where it has none (one after the other, in constant stack).
///
/// The mutex is destroyed when nobody holds it or waits for it; the holder may destroy it right after its guard has ended.
/// What the mutex protects is seen by the next holder. It is not recursive.
///
/// Cost. Free: about 12 ns to lock and unlock, no suspension. Nothing allocates: a waiter is part of the coroutine that waits.

#include <abi/task/waiters.hpp>

#include <optional>
#include <utility>

namespace libabi::task {

class ABI_API AsyncMutex {
 public:
  class Guard;
  class Lock;

  AsyncMutex() = default;

  /// `co_await mutex.lock()` is a Result<Guard>.
  [[nodiscard]] Lock lock() noexcept;
  /// Nothing where it is held.
  [[nodiscard]] std::optional<Guard> try_lock() noexcept;

 private:
  friend class detail::Await<AsyncMutex, Lock>;
  bool admit(Lock& lock, bool may_wait) noexcept;
  void abandon(Lock& lock) noexcept;
  void unlock() noexcept;

  std::mutex mutex_;
  bool held_ = false;         // also while it goes from one to the next
  detail::WaitList waiting_;  // empty where it is not held
};

class AsyncMutex::Guard {
 public:
  Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
  Guard& operator=(Guard&& other) noexcept {
    std::swap(mutex_, other.mutex_);
    return *this;
  }
  ~Guard() { unlock(); }

  /// Before the guard ends.
  void unlock() noexcept {
    if (mutex_) std::exchange(mutex_, nullptr)->unlock();
  }

 private:
  friend class AsyncMutex;
  explicit Guard(AsyncMutex& mutex) noexcept : mutex_(&mutex) {}
  AsyncMutex* mutex_;
};

class [[nodiscard]] AsyncMutex::Lock : public detail::Await<AsyncMutex, Lock> {
 public:
  Result<Guard> await_resume() noexcept {
    if (!finish()) return waiter.context().stop_error();
    return Guard(*owner_);
  }

 private:
  friend class AsyncMutex;
  explicit Lock(AsyncMutex& mutex) noexcept : Await(mutex) {}
};

inline AsyncMutex::Lock AsyncMutex::lock() noexcept { return Lock(*this); }

}  // namespace libabi::task
