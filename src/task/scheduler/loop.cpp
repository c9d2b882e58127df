#include "loop.hpp"

#include <abi/base/boundary.hpp>
#include <abi/sync/atomics.hpp>

#include <algorithm>

namespace libabi::task::detail {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kBite = 4;
// What a thread has left is taken over only where it would take it longer: moving its cache lines to and fro costs as much. A
// loop over 256 KiB that always takes over the last 4 KiB is no faster on two threads than on one.
constexpr std::chrono::nanoseconds kWorthMoving(2000);

}  // namespace

Bites Part::bite() noexcept {
  for (std::uint64_t word = word_.load(std::memory_order_relaxed);;) {
    const Bites all = unpack(word);
    const Bites taken{all.from, all.from + (all.to - all.from + kBite - 1) / kBite};
    if (all.empty() || word_.compare_exchange_weak(word, pack({taken.to, all.to}), std::memory_order_relaxed)) return taken;
  }
}

Bites Part::steal() noexcept {
  for (std::uint64_t word = word_.load(std::memory_order_relaxed);;) {
    const Bites all = unpack(word);
    const Bites taken{all.to - (all.to - all.from + 1) / 2, all.to};
    if (all.empty() || word_.compare_exchange_weak(word, pack({all.from, taken.from}), std::memory_order_relaxed)) return taken;
  }
}

/// How fast a thread has been in this loop.
struct Loop::Pace {
  Clock::time_point since = Clock::now();
  std::uint64_t done = 0;

  /// Bites that take this thread as long; at least one.
  std::uint64_t bites_in(std::chrono::nanoseconds time) const noexcept {
    const auto elapsed = static_cast<std::uint64_t>(std::max<std::int64_t>((Clock::now() - since).count(), 1));
    return static_cast<std::uint64_t>(time.count()) * done / elapsed + 1;
  }
};

Loop::Loop(std::size_t first, std::size_t last, std::size_t bite_step, Function body, void* its_context) noexcept
    : Call{.work = [](Call& self, unsigned seat) noexcept { static_cast<Loop&>(self).take_part(seat); },
           .done = [](Call& self) noexcept { static_cast<Loop&>(self).running.down(); }},
      begin(first),
      end(last),
      step(bite_step),
      function(body),
      context(its_context),
      bites(static_cast<std::uint32_t>((last - first) / bite_step + ((last - first) % bite_step != 0))) {}

void Loop::deal_out(unsigned seat_count, unsigned taken, Part* parts_of_more) noexcept {
  threads = seat_count;
  more = parts_of_more;
  for (std::uint32_t seat = 0, next = 0; seat < threads; ++seat) {
    const std::uint32_t share = bites / threads + (seat < bites % threads);
    part(seat).set({next, next + share});
    if (seat < taken) part(seat).expect_owner();
    next += share;
  }
}

void Loop::do_bites(Bites some) noexcept {
  if (failed.load(std::memory_order_relaxed)) return;  // what is left is left out
  try {
    function(context, begin + some.from * step, some.to == bites ? end : begin + some.to * step);
  } catch (...) {
    if (!failed.exchange(true, std::memory_order_relaxed)) error = libabi::detail::current_exception_error();
  }
}

void Loop::work_off(unsigned seat, Pace& pace) noexcept {
  for (Bites some = part(seat).bite(); !some.empty(); some = part(seat).bite()) {
    do_bites(some);
    pace.done += some.to - some.from;
  }
}

// Half of what somebody else has left becomes this one's, if it is at least so much or nobody's.
bool Loop::take_over(unsigned seat, std::uint64_t least) noexcept {
  for (unsigned step_on = 1; step_on < threads; ++step_on) {
    Part& other = part((seat + step_on) % threads);
    if (other.left() < (other.has_owner() ? least : 1)) continue;
    const Bites stolen = other.steal();
    if (stolen.empty()) continue;
    part(seat).set(stolen);
    return true;
  }
  return false;
}

void Loop::take_part(unsigned seat) noexcept {
  part(seat).expect_owner();  // of a late one
  Pace pace;
  do {
    work_off(seat, pace);
  } while (take_over(seat, pace.bites_in(kWorthMoving)));
}

// The caller does what nobody else does: where others do not finish what little they have left, they are off their processors.
void Loop::take_part_as_caller(Between between, void* its_context) noexcept {
  Pace pace;
  for (;;) {
    for (Bites some = part(0).bite(); !some.empty(); some = part(0).bite()) {
      do_bites(some);
      pace.done += some.to - some.from;
      if (between) between(its_context);
    }
    if (take_over(0, pace.bites_in(kWorthMoving))) continue;
    if (left() == 0) return;
    for (const Clock::time_point since = Clock::now(); left() != 0 && Clock::now() - since < kWorthMoving;) sync::spin_pause();
    if (!take_over(0, 1)) return;
  }
}

std::uint64_t Loop::left() const noexcept {
  std::uint64_t sum = 0;
  for (unsigned seat = 0; seat < threads; ++seat) sum += part(seat).left();
  return sum;
}

}  // namespace libabi::task::detail
