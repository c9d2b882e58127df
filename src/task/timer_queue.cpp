#include <abi/task/timer_queue.hpp>

#include <algorithm>

namespace libabi::task {

using Tick = TimerWheel::Tick;

namespace {
// The count of nanoseconds; a time before the clock's zero is past, whatever it is.
Tick nanoseconds(TimerQueue::TimePoint time) noexcept {
  return static_cast<Tick>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}
}  // namespace

TimerQueue::TimerQueue(unsigned tick_bits, TimePoint start) noexcept
    : tick_bits_(tick_bits), wheel_(nanoseconds(start) >> tick_bits), awaited_(TimerWheel::never) {}

Tick TimerQueue::ceil(TimePoint when) const noexcept {
  return (nanoseconds(when) + (Tick{1} << tick_bits_) - 1) >> tick_bits_;  // below 2^63 + 2^32
}

TimerQueue::TimePoint TimerQueue::time_of(Tick tick) const noexcept {
  constexpr auto last = static_cast<Tick>(TimePoint::max().time_since_epoch().count());
  return tick > last >> tick_bits_ ? TimePoint::max() : TimePoint(std::chrono::nanoseconds(tick << tick_bits_));
}

bool TimerQueue::arm(Timer& timer, TimePoint when) noexcept {
  const Tick tick = ceil(when);
  const std::lock_guard lock(mutex_);
  wheel_.insert(timer, tick);
  if (tick >= awaited_) return false;
  awaited_ = tick;
  return true;
}

bool TimerQueue::cancel(Timer& timer) noexcept {
  const std::lock_guard lock(mutex_);
  return wheel_.remove(timer);
}

Timer* TimerQueue::pop(TimePoint now, TimePoint* when) noexcept {
  const std::lock_guard lock(mutex_);
  Timer* const timer = wheel_.pop(nanoseconds(now) >> tick_bits_);
  if (timer && when) *when = time_of(wheel_.present());
  return timer;
}

TimerQueue::TimePoint TimerQueue::next() noexcept {
  const std::lock_guard lock(mutex_);
  awaited_ = wheel_.next();
  return time_of(awaited_);
}

TimerQueue::TimePoint TimerQueue::first() noexcept {
  const std::lock_guard lock(mutex_);
  return time_of(wheel_.first());
}

}  // namespace libabi::task
