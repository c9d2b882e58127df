#pragma once

#include "gate.hpp"

#include <atomic>
#include <cstdint>

namespace libabi::task {

/// Things that one thread waits for to end, on whose stack it lives: the last one's down() touches nothing of it after the step
/// that lets the waiting thread return. A system call only where that one sleeps.
class alignas(64) Countdown {
 public:
  explicit Countdown(std::uint32_t things = 0) noexcept : word_(things * 2) {}

  /// Before anything has begun.
  void set(std::uint32_t things) noexcept { word_.store(things * 2, std::memory_order_relaxed); }
  /// So many more will end: by the waiting thread, before they begin.
  void expect(std::uint32_t things) noexcept { word_.fetch_add(things * 2, std::memory_order_relaxed); }
  /// One has ended. What was written before is seen by whoever waited.
  void down() noexcept;
  /// So many will not come: by the waiting thread.
  void forget(std::uint32_t things) noexcept { word_.fetch_sub(things * 2, std::memory_order_relaxed); }
  bool over() const noexcept { return word_.load(std::memory_order_acquire) < 2; }
  void await(Patience patience) noexcept;

 private:
  std::atomic<std::uint32_t> word_;  // twice the number, and 1 where the waiting thread sleeps
};

}  // namespace libabi::task
