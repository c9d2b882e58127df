#include "timekeeper.hpp"

#include "core.hpp"

#include <algorithm>
#include <chrono>

namespace libabi::task::detail {

namespace {

constexpr unsigned kTickBits = 16;  // of nanoseconds: 65.5 us, what the system takes to wake a thread
constexpr Clock::Duration kTick(std::int64_t{1} << kTickBits);

Clock::TimePoint now_by(const Clock* source) noexcept {
  return source ? source->now() : std::chrono::time_point_cast<Clock::Duration>(std::chrono::steady_clock::now());
}

}  // namespace

Timekeeper::Timekeeper(Core& core, const Clock* source) noexcept
    : queue_(kTickBits, now_by(source)), core_(core), source_(source) {}

Clock::TimePoint Timekeeper::now() const noexcept { return now_by(source_); }

void Timekeeper::arm(Timer& timer, TimePoint when) noexcept {
  if (!queue_.arm(timer, when)) return;
  lower(queue_.due(when));
  look_again();
}

void Timekeeper::lower(TimePoint when) noexcept {
  const Count count = when.time_since_epoch().count();
  Count now = due_.load(std::memory_order_relaxed);
  while (count < now && !due_.compare_exchange_weak(now, count, std::memory_order_seq_cst, std::memory_order_relaxed)) {
  }
}

bool Timekeeper::claim(TimePoint now) noexcept {
  Count due = due_.load(std::memory_order_relaxed);
  return due <= now.time_since_epoch().count() &&
         due_.compare_exchange_strong(due, never, std::memory_order_seq_cst, std::memory_order_relaxed);
}

// A timer that is armed meanwhile has lowered due_ itself, or the queue tells of it here: next() comes after claim().
void Timekeeper::fire() noexcept {
  const TimePoint present = now();
  while (Timer* const timer = queue_.pop(present)) timer->fire(*timer);
  const TimePoint next = queue_.next();
  if (next == TimePoint::max()) return;
  lower(next);
  look_again();
}

void Timekeeper::try_keep(Member& member) noexcept {
  if (!is_unkept()) return;
  Member* nobody = nullptr;
  keeper_.compare_exchange_strong(nobody, &member, std::memory_order_seq_cst, std::memory_order_relaxed);
}

void Timekeeper::resign(const Member& member) noexcept {
  if (keeper_.load(std::memory_order_relaxed) == &member) keeper_.store(nullptr, std::memory_order_seq_cst);
}

Clock::Duration Timekeeper::time_left() const noexcept {
  const Count due = due_.load(std::memory_order_seq_cst);
  return due == never ? Duration::max() : TimePoint(Duration(due)) - now();
}

// As with jobs: either the one that sleeps has seen what due_ is now, or it is seen here to sleep.
void Timekeeper::look_again() noexcept {
  sync::light_fence();
  if (Member* const me = core_.member_of_this_thread()) me->until_look = 1;
  if (Member* const keeper = this->keeper())
    core_.wake(*keeper);
  else if (Idlers::want_waking(core_.idlers.word.load(std::memory_order_seq_cst)))
    core_.wake_one();
}

// Jobs may take long: between two looks go as many as take about a tick.
void Core::look_at_timers(Member& me) noexcept {
  if (!time.has_timers()) {
    me.stride = Member::most_jobs_between_looks;
    return;
  }
  const Clock::TimePoint now = time.now();
  const Clock::Duration gone = now - me.looked_at;
  me.looked_at = now;
  me.stride = gone < kTick / 2 ? std::min(2 * me.stride, Member::most_jobs_between_looks)
                               : static_cast<unsigned>(std::clamp<std::int64_t>(me.stride * kTick / gone, 1, me.stride));
  if (time.claim(now)) time.fire();
}

}  // namespace libabi::task::detail
