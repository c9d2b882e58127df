#include <abi/task/manual_clock.hpp>

#include <algorithm>

namespace libabi::task {

ManualClock::ManualClock(TimePoint start) noexcept : queue_(0, start), now_(start) {}

Clock::TimePoint ManualClock::now() const noexcept { return now_.load(std::memory_order_acquire); }

void ManualClock::arm(Timer& timer, TimePoint when) noexcept { queue_.arm(timer, when); }

bool ManualClock::cancel(Timer& timer) noexcept { return queue_.cancel(timer); }

std::size_t ManualClock::advance_to(TimePoint end) noexcept {
  std::size_t count = 0;
  TimePoint when;
  for (; Timer* const timer = queue_.pop(end, &when); ++count) {
    now_.store(std::max(now(), when), std::memory_order_release);
    timer->fire(*timer);
  }
  now_.store(std::max(now(), end), std::memory_order_release);
  return count;
}

std::size_t ManualClock::advance_to_next() noexcept {
  const TimePoint first = queue_.first();
  return first == TimePoint::max() ? 0 : advance_to(first);
}

}  // namespace libabi::task
