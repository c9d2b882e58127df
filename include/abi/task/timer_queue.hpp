#pragma once
/// A timer wheel that several threads share: what clocks are made of (clock.hpp, manual_clock.hpp).
///
///     TimerQueue queue(16, start);                       // ticks of 2^16 ns
///     if (queue.arm(timer, when)) wake_the_driver();
///     while (Timer* due = queue.pop(now)) due->fire(*due);  // the driver
///     wait_until(queue.next());
///
/// A time is rounded up to a tick, so that nothing is due early. The lock is held for one operation of the wheel.

#include <abi/task/timer_wheel.hpp>

#include <chrono>
#include <mutex>

namespace libabi::task {

class ABI_API TimerQueue {
 public:
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

  /// Ticks of 2^tick_bits nanoseconds, at most 32 bits; `start` is the present.
  TimerQueue(unsigned tick_bits, TimePoint start) noexcept;

  /// When a timer that is armed for `when` is due: at the next tick.
  TimePoint due(TimePoint when) const noexcept { return time_of(ceil(when)); }
  /// True where the timer is due before what next() returned last.
  bool arm(Timer& timer, TimePoint when) noexcept;
  bool cancel(Timer& timer) noexcept;
  /// Takes out the first timer that is due at `now`; null where none is. `when`, where given, becomes the tick that it was due
  /// at.
  Timer* pop(TimePoint now, TimePoint* when = nullptr) noexcept;
  /// No timer is due before; max() where there is none.
  TimePoint next() noexcept;
  /// When the first timer is due; max() where there is none. Slower: TimerWheel::first().
  TimePoint first() noexcept;

 private:
  TimerWheel::Tick ceil(TimePoint when) const noexcept;
  TimePoint time_of(TimerWheel::Tick tick) const noexcept;

  std::mutex mutex_;
  const unsigned tick_bits_;
  TimerWheel wheel_;
  TimerWheel::Tick awaited_;  // what next() returned last
};

}  // namespace libabi::task
