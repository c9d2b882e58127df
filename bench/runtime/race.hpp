#pragma once
/// The time of a race between threads, from when the first of them begins to when the last one is done. Whoever waits for them
/// may get a processor only late, and would begin to measure too late.

#include <algorithm>
#include <chrono>
#include <mutex>

namespace bench {

class RaceClock {
 public:
  using Clock = std::chrono::steady_clock;
  /// Each thread tells its own times, when it is done.
  void add(Clock::time_point begin, Clock::time_point end) {
    const std::lock_guard lock(mutex_);
    begin_ = std::min(begin_, begin);
    end_ = std::max(end_, end);
  }
  double seconds() const { return std::chrono::duration<double>(end_ - begin_).count(); }

 private:
  std::mutex mutex_;
  Clock::time_point begin_ = Clock::time_point::max();
  Clock::time_point end_ = Clock::time_point::min();
};

}  // namespace bench
