#pragma once
/// A clock that stands still until it is told to go on, for tests and simulators.
///
///     ManualClock clock;
///     start(sleep_for(clock, 10ms));
///     clock.advance(9ms);   // nothing happens
///     clock.advance(1ms);   // the timer fires here, on this thread
///
/// Guarantees. Exact to the nanosecond: each timer fires at its own time, in the order of (time, arming), and now() is that
/// time while it fires; one armed for the present or the past fires at the next advance, of nothing too. What timers arm and
/// what falls before the end of the advance fires in the same advance (one that arms itself for the present each time lets it
/// never end). Two runs with the same calls are the same. No thread,
/// no allocation. now(), arm() and cancel() are thread-safe; one thread at a time advances, and not from within a timer.

#include <abi/task/clock.hpp>
#include <abi/task/timer_queue.hpp>

#include <atomic>

namespace libabi::task {

class ABI_API ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start = {}) noexcept;

  TimePoint now() const noexcept override;
  void arm(Timer& timer, TimePoint when) noexcept override;
  bool cancel(Timer& timer) noexcept override;

  /// Fires what is due until then; returns how many. An `end` in the past is the present.
  std::size_t advance_to(TimePoint end) noexcept;
  std::size_t advance(Duration wait) noexcept { return advance_to(after(wait)); }
  /// Goes on to the time of the first timer and fires all that are due then; 0 where none is armed, and time stands still.
  std::size_t advance_to_next() noexcept;

 private:
  TimerQueue queue_;
  std::atomic<TimePoint> now_;
};

}  // namespace libabi::task
