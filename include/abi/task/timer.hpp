#pragma once
/// Something to be called once, later. Intrusive: a timer is its own place in the clock, so arming costs no memory and cannot
/// fail, and a million of them cost what the owners have set aside.
///
///     struct Session : Timer {
///       Session() { fire = [](Timer& self) noexcept { static_cast<Session&>(self).expire(); }; }
///     };
///     clock.arm(session, clock.after(30s));  // and again at every request: an armed timer is moved
///     if (clock.cancel(session)) ...         // it does not fire any more; it may be destroyed
///
/// Guarantees. Whoever arms a timer keeps it alive until it has fired or a cancel() of it was true; nothing of it is touched
/// once `fire` is entered, so that `fire` may arm it again or destroy it. A timer belongs to one clock at a time. See clock.hpp.

#include <cstdint>

namespace libabi::task {

namespace detail {
struct TimerLink {
  TimerLink* previous = nullptr;
  TimerLink* next = nullptr;  // null while it is not armed
};
}  // namespace detail

class TimerWheel;

class Timer : private detail::TimerLink {
 public:
  using Fire = void (*)(Timer& self) noexcept;
  /// Called by whoever drives the clock, outside of its locks, at most once each time the timer is armed. Short: the timers
  /// behind it wait.
  Fire fire = nullptr;

  Timer() = default;
  explicit Timer(Fire function) noexcept : fire(function) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  friend class TimerWheel;
  std::uint64_t tick_ = 0;
};

}  // namespace libabi::task
