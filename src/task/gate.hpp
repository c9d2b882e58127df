#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace libabi::task {

/// How long a wait stays on the processor before it sleeps: first spinning, then yielding to other threads.
struct Patience {
  std::chrono::nanoseconds spin{};
  std::chrono::nanoseconds yield{};
};

/// A number that one thread changes and others wait for. A change costs one atomic update, and a system call only where
/// somebody sleeps. What was written before a change is seen after the wait that saw it.
class alignas(64) Gate {
 public:
  std::uint32_t value() const noexcept { return value_.load(std::memory_order_acquire); }
  /// Waits until the value differs from `old`; returns what it is then.
  std::uint32_t await_change(std::uint32_t old, Patience patience) noexcept;
  void add(std::uint32_t amount) noexcept;
  void set_bits(std::uint32_t bits) noexcept;

 private:
  void wake() noexcept;

  std::atomic<std::uint32_t> value_{0};
  std::atomic<std::uint32_t> sleepers_{0};
};

}  // namespace libabi::task
