#pragma once
/// Timers sorted by when they are due, for those who build a clock. Users arm timers through clock.hpp.
///
///     TimerWheel wheel;
///     wheel.insert(timer, 1'000);
///     while (Timer* due = wheel.pop(now)) due->fire(*due);
///     sleep_until(wheel.next());
///
/// Hierarchical timing wheels (Varghese and Lauck, 1987, scheme 7) of 64 slots over ticks of any length: level L holds the
/// timers whose tick differs from the present one in its L-th group of six bits and in none above, so eleven levels span all
/// 64 bits and nothing overflows. A timer is moved to a lower level when the present reaches its slot.
///
/// Guarantees. Timers come out in the order of (tick, insertion), which no cascade disturbs: those of one tick always share a
/// list. One that is inserted for the present or the past counts as the present's. Nothing allocates or fails.
/// Not thread-safe.
///
/// Cost. insert and remove O(1), a few nanoseconds; pop O(1) amortised, each timer being moved at most once a level (for a
/// tick of 65 us: once within 4 ms, twice within 268 ms, three times within 17 s). Empty slots are skipped by bit masks, so an
/// idle hour costs nothing. The wheel itself is 11 KiB.

#include <abi/base/api.hpp>
#include <abi/task/timer.hpp>

#include <array>
#include <cstdint>

namespace libabi::task {

class ABI_API TimerWheel {
 public:
  using Tick = std::uint64_t;
  static constexpr Tick never = ~Tick{0};

  explicit TimerWheel(Tick present = 0) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// A timer that is in this wheel already is moved to `tick`.
  void insert(Timer& timer, Tick tick) noexcept;
  /// False where the timer is not in the wheel.
  bool remove(Timer& timer) noexcept;
  /// Takes out the first timer that is due at `until` and moves the present to its tick; null where none is, and the present
  /// is `until` then. The present never goes back.
  Timer* pop(Tick until) noexcept;
  /// No timer is due before; `never` where there is none. It may be earlier than the first timer (by the width of that one's
  /// slot): pop() then finds nothing but narrows it down, at most once a level.
  Tick next() const noexcept;
  /// The tick of the first timer, `never` where there is none. Looks at every timer of its slot.
  Tick first() const noexcept;
  Tick present() const noexcept { return present_; }

 private:
  using Link = detail::TimerLink;
  static constexpr unsigned slot_bits = 6;
  static constexpr unsigned slots = 1u << slot_bits;
  static constexpr unsigned levels = (64 + slot_bits - 1) / slot_bits;

  static void append(Link& list, Timer& timer) noexcept;
  void place(Timer& timer) noexcept;
  void open_slot(unsigned level) noexcept;
  Tick first_slot(unsigned level) const noexcept;

  Tick present_;
  std::uint32_t used_levels_ = 0;                   // bit L: level L has a timer
  std::array<std::uint64_t, levels> used_slots_{};  // bit S of [L]: slot S of level L has one
  Link due_;                                        // tick <= present
  std::array<Link, levels * slots> lists_;
};

}  // namespace libabi::task
