#pragma once

#include "call.hpp"
#include "countdown.hpp"

#include <abi/base/error.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace libabi::task::detail {

/// Numbers of bites: a connected piece of a loop.
struct Bites {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  bool empty() const noexcept { return from == to; }
};

/// What a thread of a loop has still to do. It takes from the front, others take from the end.
class alignas(64) Part {
 public:
  void set(Bites bites) noexcept { word_.store(pack(bites), std::memory_order_relaxed); }
  std::uint32_t left() const noexcept {
    const Bites bites = unpack(word_.load(std::memory_order_relaxed));
    return bites.to - bites.from;
  }
  /// Somebody works on it or is on the way.
  void expect_owner() noexcept { has_owner_.store(true, std::memory_order_relaxed); }
  bool has_owner() const noexcept { return has_owner_.load(std::memory_order_relaxed); }

  /// A quarter of what is left, from the front: the rest can be taken over while it lasts.
  Bites bite() noexcept;
  /// Half of what is left, from the end.
  Bites steal() noexcept;

 private:
  static std::uint64_t pack(Bites bites) noexcept { return std::uint64_t{bites.to} << 32 | bites.from; }
  static Bites unpack(std::uint64_t word) noexcept {
    return {static_cast<std::uint32_t>(word), static_cast<std::uint32_t>(word >> 32)};
  }
  // Relaxed: numbers only, and what the loop's threads write for each other goes by way of its beginning and its end. Every
  // number is taken once, so that no word ever comes back.
  std::atomic<std::uint64_t> word_{0};
  std::atomic<bool> has_owner_{false};
};

/// A loop as several threads work on it; lives on its caller's stack. What a worker must read to begin is one line, and its part
/// another that it need not wait for the first to find: every line that goes from core to core is 0.1 us of a loop's 1 or 2.
struct alignas(64) Loop : Call {
  static constexpr unsigned few_threads = 16;
  using Function = void (*)(void* context, std::size_t begin, std::size_t end);

  Loop(std::size_t first, std::size_t last, std::size_t bite_step, Function body, void* its_context) noexcept;

  /// Deals it out to `seat_count` seats, evenly. Who sits on the first `taken` is here or on the way. `more` are parts for those
  /// after the first few_threads.
  void deal_out(unsigned seat_count, unsigned taken, Part* more) noexcept;
  void take_part(unsigned seat) noexcept;
  /// Between two bites of the caller.
  using Between = void (*)(void* context);
  void take_part_as_caller(Between between, void* its_context) noexcept;
  std::uint64_t left() const noexcept;

  const std::size_t begin, end, step;
  const Function function;
  void* const context;
  const std::uint32_t bites;
  std::uint32_t threads = 1;
  std::array<Part, few_threads> few;
  Part* more = nullptr;
  std::atomic<bool> failed{false};
  Error error;
  Countdown running{0};

 private:
  Part& part(unsigned seat) noexcept { return seat < few_threads ? few[seat] : more[seat - few_threads]; }
  const Part& part(unsigned seat) const noexcept { return seat < few_threads ? few[seat] : more[seat - few_threads]; }
  struct Pace;
  void work_off(unsigned seat, Pace& pace) noexcept;
  void do_bites(Bites bites) noexcept;
  bool take_over(unsigned seat, std::uint64_t least) noexcept;
};

}  // namespace libabi::task::detail
