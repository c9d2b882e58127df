#include "core.hpp"

namespace libabi::task {

namespace {

void add(SchedulerCounters& sum, const detail::Tally& tally) noexcept {
  sum.jobs += tally.jobs.load(std::memory_order_relaxed);
  sum.steals += tally.steals.load(std::memory_order_relaxed);
  sum.taken += tally.taken.load(std::memory_order_relaxed);
  sum.calls += tally.calls.load(std::memory_order_relaxed);
  sum.parks += tally.parks.load(std::memory_order_relaxed);
  sum.wakes += tally.wakes.load(std::memory_order_relaxed);
}

}  // namespace

SchedulerCounters Scheduler::counters() const noexcept {
  SchedulerCounters sum;
  for (const detail::Member& member : core_.load(std::memory_order_acquire)->members) add(sum, member.tally);
  return sum;
}

SchedulerCounters Scheduler::counters(unsigned worker) const noexcept {
  SchedulerCounters sum;
  const detail::Core& own = *core_.load(std::memory_order_acquire);
  if (worker < own.count()) add(sum, own.members[worker].tally);
  return sum;
}

}  // namespace libabi::task
