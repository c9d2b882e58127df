#pragma once

#include <abi/task/clock.hpp>

#include <atomic>
#include <cstdint>

namespace libabi::task::detail {

struct Core;
struct Member;

/// The clock of a scheduler: its timers fire on the workers.
///
/// A worker that looks for work looks for timers that are due too, and so does one that runs job after job, about every tick.
/// Where all others are asleep or at work, one of those that sleep is the keeper: it sleeps until the next timer is due. A timer
/// without a keeper is work that is visible (Core::work_is_visible), so that the rules of who sleeps and who is woken hold for
/// it.
class Timekeeper final : public Clock {
 public:
  /// Timers are due by the time of `source`; null: the machine's steady clock.
  explicit Timekeeper(Core& core, const Clock* source = nullptr) noexcept;

  TimePoint now() const noexcept override;
  void arm(Timer& timer, TimePoint when) noexcept override;
  bool cancel(Timer& timer) noexcept override { return queue_.cancel(timer); }

  bool has_timers() const noexcept { return due_.load(std::memory_order_relaxed) != never; }
  bool is_due(TimePoint now) const noexcept { return due_.load(std::memory_order_relaxed) <= now.time_since_epoch().count(); }
  bool is_due() const noexcept { return has_timers() && is_due(now()); }
  /// True for one of those that ask: it calls fire().
  bool claim(TimePoint now) noexcept;
  void fire() noexcept;

  /// The member, which is about to sleep, sleeps no longer than time_left(), where there are timers and no other one does.
  void try_keep(Member& member) noexcept;
  /// It does not (any more).
  void resign(const Member& member) noexcept;
  Member* keeper() const noexcept { return keeper_.load(std::memory_order_seq_cst); }
  bool is_unkept() const noexcept { return due_.load(std::memory_order_seq_cst) != never && !keeper(); }
  /// Until the next timer is due; max() where there is none.
  Duration time_left() const noexcept;

  /// Whoever moves a source of time that is not the machine's calls it afterwards.
  void look_again() noexcept;

 private:
  using Count = TimePoint::rep;  // nanoseconds of the clock
  static constexpr Count never = TimePoint::max().time_since_epoch().count();
  void lower(TimePoint when) noexcept;

  TimerQueue queue_;
  Core& core_;
  const Clock* const source_;
  alignas(64) std::atomic<Count> due_{never};  // no timer is due before; never while they fire, until it is known again
  std::atomic<Member*> keeper_{nullptr};
};

}  // namespace libabi::task::detail
