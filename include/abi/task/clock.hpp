#pragma once
/// Time, and timers on it, behind an interface: a programme takes a Clock&, and a test or a simulator hands it a ManualClock
/// (manual_clock.hpp) where the real programme has that of its Scheduler.
///
///     Clock* clock = scheduler->clock().value();                    // or a SystemClock
///     Result<void> slept = co_await sleep_for(*clock, 10ms);        // sleep.hpp
///     Result<Reply> reply = co_await with_deadline(ask(), clock->after(2s), *clock);  // deadline.hpp
///
/// The timers of a Scheduler's clock (scheduler.hpp) fire on its workers, which need no other thread for it. Three more are here.
/// `SystemClock` fires its timers on a thread of its own. `PolledClock` tells the same time and has no thread: whoever owns it
/// calls fire_due(), as an event loop does between two waits. `Clock` is what they have in common.
///
/// Precision of the real ones. A tick is 65.5 us (2^16 ns) of the machine's steady clock. No timer fires early; it fires
/// late by up to a tick, what the system takes to wake a thread (50 us of timer slack on Linux unless set otherwise), and the
/// timers before it. Timers come in the order of their ticks, those of one tick in the order in which they were armed.
///
/// Guarantees. Everything is thread-safe. arm() and cancel() are O(1) and allocate nothing, and may be called from within
/// `fire`. They take a lock for a few nanoseconds, but for the moment in which a slot of the wheel is opened: that takes a few
/// nanoseconds for each timer in it (timer_wheel.hpp). At rest no thread runs: one that waits for a timer d away wakes up for
/// it and at most log64(d / 65 us) times before.

#include <abi/base/error.hpp>
#include <abi/task/timer.hpp>
#include <abi/task/timer_queue.hpp>

#include <chrono>
#include <memory>

namespace libabi::task {

class ABI_API Clock {
 public:
  using Duration = std::chrono::nanoseconds;
  /// On a scale of the clock's own, that never goes back: times of two clocks do not mix. max() is never.
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

  virtual TimePoint now() const noexcept = 0;
  /// `timer.fire` is called once, not before `when`; soon, but not within arm(), where that is now or past. Moves a timer that
  /// is armed already.
  virtual void arm(Timer& timer, TimePoint when) noexcept = 0;
  /// True: the timer was armed and will not fire. False: it was not armed, which it is not any more from when it starts to
  /// fire, and `fire` may be running now, on another thread.
  virtual bool cancel(Timer& timer) noexcept = 0;

  /// now() + `wait`, or never where the sum is past the end of time.
  TimePoint after(Duration wait) const noexcept {
    const TimePoint present = now();
    return wait > TimePoint::max() - present ? TimePoint::max() : present + wait;
  }

 protected:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  ~Clock() = default;
};

/// The machine's steady time; timers fire in fire_due(). Outlives the timers armed on it.
class ABI_API PolledClock final : public Clock {
 public:
  /// Called within arm() when a timer was armed for a time before the one that fire_due() returned last, without locks: whoever
  /// waits until that time must call fire_due() again, also where it has not begun to wait yet.
  using Wake = void (*)(void* context) noexcept;

  explicit PolledClock(Wake wake = nullptr, void* context = nullptr) noexcept;

  TimePoint now() const noexcept override;
  void arm(Timer& timer, TimePoint when) noexcept override;
  bool cancel(Timer& timer) noexcept override;

  /// Fires what is due on this thread; returns when to call it again (not before there is something to do; max() is never).
  /// Several threads may call it at once: each timer fires on one of them.
  TimePoint fire_due() noexcept;

 private:
  TimerQueue queue_;
  const Wake wake_;
  void* const context_;
};

/// The machine's steady time and a thread that fires the timers.
class ABI_API SystemClock final : public Clock {
 public:
  /// Errors: exhausted, where the system gives no thread or memory.
  static Result<std::unique_ptr<SystemClock>> create();
  /// The clock of the process, made at the first call. It never ends: at exit its thread is left as it is, asleep or at work. A
  /// child of fork() makes its own; timers armed before do not fire there. Errors: as create(); the next call tries again.
  static Result<SystemClock*> shared();
  /// Stops and joins the thread: not within a timer of this clock. A timer still armed never fires.
  ~SystemClock();

  TimePoint now() const noexcept override;
  void arm(Timer& timer, TimePoint when) noexcept override;
  bool cancel(Timer& timer) noexcept override;

 private:
  struct Driver;
  explicit SystemClock(std::unique_ptr<Driver> driver) noexcept;
  std::unique_ptr<Driver> driver_;
};

}  // namespace libabi::task
