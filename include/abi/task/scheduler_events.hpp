#pragma once
/// What can be seen of a Scheduler while it runs: counters, and a hook for each thing that its workers do.
///
///     void note(void* log, const TraceEvent& event) noexcept { static_cast<Log*>(log)->add(now(), event); }
///     Scheduler::create({.trace = {.call = note, .context = &log}});
///
/// A hook is called by the worker that does it, as part of its work: it must be quick, and may be called by several workers at
/// once. Without one, an event costs a predicted branch. Counters are the worker's own, and cost it a store each.

#include <abi/base/api.hpp>

#include <cstdint>

namespace libabi::task {

struct Job;

enum class TraceKind : std::uint8_t {
  job_begin,
  job_end,     ///< the job may be gone
  steal,       ///< the job was another worker's; `other` is that one
  park,        ///< goes to sleep
  wake,        ///< is awake again
  gang_begin,  ///< as a member of a gang, or in a loop of somebody else
  gang_end,
};

struct TraceEvent {
  TraceKind kind;
  unsigned worker;           ///< its index; spares come after all others
  const Job* job = nullptr;  ///< of job_begin, job_end and steal
  unsigned other = 0;
};

struct TraceHook {
  void (*call)(void* context, const TraceEvent& event) noexcept = nullptr;
  void* context = nullptr;
};

struct SchedulerCounters {
  std::uint64_t jobs = 0;    ///< run
  std::uint64_t steals = 0;  ///< jobs that were taken from another worker
  std::uint64_t taken = 0;   ///< jobs that came from one of the queues for all
  std::uint64_t calls = 0;   ///< gangs and loops it took part in
  std::uint64_t parks = 0;   ///< times it went to sleep
  std::uint64_t wakes = 0;   ///< times it was woken, or got up for a timer: parks - wakes is how many sleep
};

}  // namespace libabi::task
