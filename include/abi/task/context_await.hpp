#pragma once
/// How a coroutine of this library awaits what is not of this library: it comes back to its Place all the same. Not for users,
/// but for one line: an awaitable that follows the protocol of context.hpp says so by `using FollowsContext = void;` in its
/// class, and is then awaited as it is, at no cost.

#include <abi/task/context.hpp>
#include <abi/task/frame.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace libabi::task::detail {

/// The coroutine that a foreign awaitable resumes instead of the waiting one, which goes on through its executor then.
class Bridge {
 public:
  struct promise_type : ContextPromise {
    Bridge get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {}
  };
  std::coroutine_handle<promise_type> handle;
};

inline Bridge bridge_to(Waiter& waiter) {
  waiter.release();
  co_return;
}

template <class Awaitable>
decltype(auto) awaiter_of(Awaitable&& awaitable) {
  if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); })
    return std::forward<Awaitable>(awaitable).operator co_await();
  else if constexpr (requires { operator co_await(std::forward<Awaitable>(awaitable)); })
    return operator co_await(std::forward<Awaitable>(awaitable));
  else
    return static_cast<Awaitable&&>(awaitable);
}
template <class Awaitable>
using AwaiterOf = decltype(awaiter_of(std::declval<Awaitable>()));

template <class Awaitable>
concept FollowsContext = requires { typename std::remove_cvref_t<Awaitable>::FollowsContext; } ||
                         requires { typename std::remove_cvref_t<AwaiterOf<Awaitable>>::FollowsContext; };

/// The awaiter of a foreign awaitable, with the way back built in. Without memory for the bridge bad_alloc leaves the await, and
/// so ends the task as `exhausted`.
template <class Awaitable>
class ComeBack {
 public:
  explicit ComeBack(Awaitable&& awaitable) : awaiter_(awaiter_of(std::forward<Awaitable>(awaitable))) {}

  bool await_ready() { return awaiter_.await_ready(); }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) {
    const Place place = waiting.promise().place();
    if (!place.executor) return suspend(waiting);
    waiter_.bind(waiting);
    Unused bridge{bridge_to(waiter_).handle};
    bridge.handle.promise().inherit(waiting.promise().context_pointer(), place);
    // From here on the coroutine may be gone on, and this awaiter with it, unless it was not suspended at all.
    const std::coroutine_handle<> next = suspend(bridge.handle);
    if (next == bridge.handle) return waiting;
    bridge.handle = nullptr;
    return next;
  }
  decltype(auto) await_resume() { return awaiter_.await_resume(); }

 private:
  struct Unused {
    std::coroutine_handle<Bridge::promise_type> handle;
    ~Unused() {
      if (handle) handle.destroy();
    }
  };

  // What to go on with: the one that waits, where the awaitable does not suspend it after all.
  template <class Promise>
  std::coroutine_handle<> suspend(std::coroutine_handle<Promise> waiting) {
    using Answer = decltype(awaiter_.await_suspend(waiting));
    if constexpr (std::is_void_v<Answer>) {
      awaiter_.await_suspend(waiting);
      return std::noop_coroutine();
    } else if constexpr (std::is_same_v<Answer, bool>) {
      return awaiter_.await_suspend(waiting) ? std::coroutine_handle<>(std::noop_coroutine()) : waiting;
    } else {
      return awaiter_.await_suspend(waiting);
    }
  }

  AwaiterOf<Awaitable> awaiter_;
  Waiter waiter_;
};

/// An awaiter where it stands: g++ copies one that await_transform hands on by reference.
template <class Awaiter>
class InPlace {
 public:
  explicit InPlace(Awaiter& awaiter) noexcept : awaiter_(awaiter) {}
  InPlace(const InPlace&) = delete;
  InPlace& operator=(const InPlace&) = delete;

  bool await_ready() const { return awaiter_.await_ready(); }
  template <class Promise>
  decltype(auto) await_suspend(std::coroutine_handle<Promise> waiting) const {
    return awaiter_.await_suspend(waiting);
  }
  decltype(auto) await_resume() const { return awaiter_.await_resume(); }

 private:
  Awaiter& awaiter_;
};

/// For await_transform.
template <class Awaitable>
decltype(auto) follow(Awaitable&& awaitable) {
  if constexpr (!FollowsContext<Awaitable>)
    return ComeBack<Awaitable>(std::forward<Awaitable>(awaitable));
  else if constexpr (std::is_reference_v<AwaiterOf<Awaitable>>)
    return InPlace<std::remove_reference_t<AwaiterOf<Awaitable>>>(awaitable);
  else
    return awaiter_of(std::forward<Awaitable>(awaitable));
}

}  // namespace libabi::task::detail
