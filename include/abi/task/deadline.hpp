#pragma once
/// A limit of time on anything that can be awaited.
///
///     Result<Reply> reply = co_await with_deadline(ask(server), clock.after(2s), clock);
///     if (!reply && reply.error().code == ErrorCode::deadline_exceeded) ...
///     Result<std::optional<Page>> page = co_await with_timeout(pages.receive(), 10ms, clock);
///
/// Guarantees. What is awaited runs under a context whose stop is requested when the time has come (its awaits return
/// `deadline_exceeded`) or when the stop of the awaiting coroutine is (they return that one's reason). Nothing is abandoned: the
/// result is what the awaited thing returned, in the end, and that may be a value that came late. A deadline that is past when
/// the await begins stops it before it begins. current_deadline() below is the earlier one of this and the one above.
///
/// Errors: those of what is awaited; `exhausted` where there is no memory; an exception of an awaitable that is not of this
/// library becomes its error.
/// Cost: one coroutine frame and the one allocation of a Cancellation; about 100 ns.

#include <abi/base/boundary.hpp>
#include <abi/task/clock.hpp>
#include <abi/task/task.hpp>
#include <abi/task/waiters.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

namespace libabi::task {

namespace detail {

/// The context of what runs below a deadline. The coroutine that owns it awaits enter(), then what is to run, then leave(), and
/// nothing afterwards.
class DeadlineScope : private Timer, private WaitNode {
 public:
  class Enter;
  class Leave;

  DeadlineScope(Clock& clock, TimePoint when) noexcept : Timer(expire), clock_(&clock), when_(when) {}

  Enter enter() noexcept;
  Leave leave() noexcept;

 private:
  template <class Promise>
  Result<void> open(Promise& promise) noexcept {
    const Context& above = promise.context();
    ABI_TRY(cancellation_.open(above.stop, above.cancellation));
    context_ = {cancellation_.token(), &cancellation_, std::min(above.deadline, when_)};
    promise.inherit(&context_, promise.place());
    if (when_ > clock_->now())
      clock_->arm(*this, when_);
    else
      expire(*this);
    return {};
  }

  static void expire(Timer& timer) noexcept {
    auto& self = static_cast<DeadlineScope&>(timer);
    self.cancellation_.request(ErrorCode::deadline_exceeded);
    if (self.arrive()) resume(self);
  }
  // The scope is over when both have come here: leave(), and the timer where it fires.
  bool arrive() noexcept { return arrivals_.fetch_add(1, std::memory_order_acq_rel) == 1; }

  Clock* clock_;
  const TimePoint when_;
  Context context_;
  Cancellation cancellation_;
  std::atomic<unsigned> arrivals_{0};
};

/// A Result<void>; nothing is to be left where it is an error.
class DeadlineScope::Enter {
 public:
  using FollowsContext = void;
  explicit Enter(DeadlineScope& scope) noexcept : scope_(&scope) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> entering) noexcept {
    opened_ = scope_->open(entering.promise());
    return false;
  }
  Result<void> await_resume() noexcept { return std::move(opened_); }

 private:
  DeadlineScope* scope_;
  Result<void> opened_;
};

class DeadlineScope::Leave {
 public:
  using FollowsContext = void;
  explicit Leave(DeadlineScope& scope) noexcept : scope_(&scope) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> leaving) noexcept {
    scope_->waiter.bind(leaving);
    return !scope_->clock_->cancel(*scope_) && !scope_->arrive();
  }
  void await_resume() const noexcept {}

 private:
  DeadlineScope* scope_;
};

inline DeadlineScope::Enter DeadlineScope::enter() noexcept { return Enter(*this); }
inline DeadlineScope::Leave DeadlineScope::leave() noexcept { return Leave(*this); }

template <class Awaitable>
using Awaited = decltype(awaiter_of(std::declval<Awaitable>()).await_resume());

}  // namespace detail

/// `co_await with_deadline(awaitable, when, clock)` is the Result that the awaitable gives. `when` is a time of `clock`, which
/// outlives the await.
template <class Awaitable>
auto with_deadline(Awaitable awaitable, Clock::TimePoint when, Clock& clock)
    -> Task<typename detail::ValueOf<detail::Awaited<Awaitable>>::Type> {
  detail::DeadlineScope scope(clock, when);
  ABI_CO_TRY(co_await scope.enter());
  std::optional<detail::Awaited<Awaitable>> result;
  std::optional<Error> failure;
  try {
    result.emplace(co_await std::move(awaitable));
  } catch (...) {
    failure = libabi::detail::current_exception_error();
  }
  co_await scope.leave();
  if (failure) co_return std::unexpected(*std::move(failure));
  co_return *std::move(result);
}

/// The same, from the call on.
template <class Awaitable>
auto with_timeout(Awaitable awaitable, Clock::Duration wait, Clock& clock) {
  return with_deadline(std::move(awaitable), clock.after(wait), clock);
}

}  // namespace libabi::task
