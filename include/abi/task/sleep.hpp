#pragma once
/// Waits for time to pass.
///
///     ABI_CO_TRY(co_await sleep_for(clock, 10ms));
///     ABI_CO_TRY(co_await sleep_until(clock, start + 1s));
///
/// Guarantees. Does not end early (clock.hpp says how late), but where the awaiting coroutine is stopped: then it ends at once,
/// with the error of the context. A time that is past does not suspend. The duration counts from the call. The coroutine goes
/// on as context.hpp says; without an executor that is on the thread that drives the clock, which serves nobody else meanwhile.
/// Cost: one timer, which is part of the awaiting coroutine; nothing allocates.

#include <abi/task/clock.hpp>
#include <abi/task/waiters.hpp>

#include <atomic>
#include <optional>
#include <stop_token>

namespace libabi::task {

/// `co_await` gives a Result<void>.
class [[nodiscard]] Sleep : private Timer, private detail::WaitNode {
 public:
  using FollowsContext = void;

  Sleep(Clock& clock, Clock::TimePoint end) noexcept : Timer(wake), clock_(&clock), end_(end) {}
  Sleep(Sleep&& other) noexcept : Sleep(*other.clock_, other.end_) {}  // only before it is awaited

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    waiter.bind(waiting);
    const StopToken& stop = waiter.context().stop;
    if (stop.stop_requested()) {
      state = State::stopped;
      return false;
    }
    if (end_ <= clock_->now()) return false;
    if (!stop.stop_possible()) {
      arrivals_.store(1, std::memory_order_relaxed);
      clock_->arm(*this, end_);  // from here on `this` may be gone
      return true;
    }
    clock_->arm(*this, end_);
    on_stop_.emplace(stop, OnStop{this});
    return !arrive();
  }

  Result<void> await_resume() noexcept {
    on_stop_.reset();
    if (state == State::stopped) return waiter.context().stop_error();
    return {};
  }

 private:
  struct OnStop {
    Sleep* self;
    void operator()() const noexcept { self->stop(); }
  };

  static void wake(Timer& timer) noexcept {
    auto& self = static_cast<Sleep&>(timer);
    if (self.arrive()) detail::resume(self);
  }
  void stop() noexcept {
    if (!clock_->cancel(*this)) return;  // not armed: it fires, or has fired
    state = State::stopped;
    if (arrive()) detail::resume(*this);
  }
  // The coroutine goes on when two have come here, in either order: await_suspend, which is done with the awaiter then, and
  // whoever ended the wait.
  bool arrive() noexcept { return arrivals_.fetch_add(1, std::memory_order_acq_rel) == 1; }

  Clock* clock_;
  Clock::TimePoint end_;
  std::atomic<unsigned> arrivals_{0};
  std::optional<std::stop_callback<OnStop>> on_stop_;
};

inline Sleep sleep_until(Clock& clock, Clock::TimePoint end) noexcept { return Sleep(clock, end); }
inline Sleep sleep_for(Clock& clock, Clock::Duration wait) noexcept { return Sleep(clock, clock.after(wait)); }

}  // namespace libabi::task
