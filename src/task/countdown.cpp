#include "countdown.hpp"

#include "futex.hpp"

#include <abi/sync/atomics.hpp>

#include <thread>

namespace libabi::task {

void Countdown::down() noexcept {
  if (word_.fetch_sub(2, std::memory_order_acq_rel) == 3) futex_wake(word_);
}

void Countdown::await(Patience patience) noexcept {
  using Clock = std::chrono::steady_clock;
  constexpr int looks_per_clock = 32;  // reading the clock costs about as much as one pause
  if (over()) return;
  const Clock::time_point start = Clock::now();
  while (Clock::now() - start < patience.spin)
    for (int look = 0; look < looks_per_clock; ++look) {
      sync::spin_pause();
      if (over()) return;
    }
  while (Clock::now() - start < patience.spin + patience.yield) {
    std::this_thread::yield();
    if (over()) return;
  }
  if (word_.fetch_or(1, std::memory_order_acquire) < 2) return;
  for (std::uint32_t now = word_.load(std::memory_order_acquire); now >= 2; now = word_.load(std::memory_order_acquire))
    futex_wait(word_, now);
}

}  // namespace libabi::task
