#include "gate.hpp"

#include <thread>

namespace libabi::task {

namespace {

using Clock = std::chrono::steady_clock;

// Tells the processor that this is a spin, which leaves more of the core to its sibling.
void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");  // a hint to yield does nothing on most of these
#endif
}

}  // namespace

std::uint32_t Gate::await_change(std::uint32_t old, Patience patience) noexcept {
  constexpr int looks_per_clock = 32;  // reading the clock costs about as much as one pause
  std::uint32_t now = value();
  if (now != old) return now;
  const Clock::time_point start = Clock::now();
  while (Clock::now() - start < patience.spin) {
    for (int look = 0; look < looks_per_clock; ++look) {
      pause();
      if (now = value(); now != old) return now;
    }
  }
  while (Clock::now() - start < patience.spin + patience.yield) {
    std::this_thread::yield();
    if (now = value(); now != old) return now;
  }
  // No wake-up is lost: whoever changes the value looks for sleepers afterwards, and a sleeper looks at the value after
  // it has said that it sleeps. All four are sequentially consistent, so one of the two sees the other.
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  value_.wait(old, std::memory_order_seq_cst);
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
  return value();
}

void Gate::add(std::uint32_t amount) noexcept {
  value_.fetch_add(amount, std::memory_order_seq_cst);
  wake();
}

void Gate::set_bits(std::uint32_t bits) noexcept {
  value_.fetch_or(bits, std::memory_order_seq_cst);
  wake();
}

void Gate::wake() noexcept {
  if (sleepers_.load(std::memory_order_seq_cst) != 0) value_.notify_all();
}

}  // namespace libabi::task
