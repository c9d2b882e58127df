#pragma once

#include "call.hpp"

#include <abi/task/scheduler_events.hpp>
#include <abi/task/worker.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace libabi::task::detail {

/// What a worker does, and a futex that it sleeps on.
///
///     busy ⇄ searching ⇄ parked      by the worker; parked → claimed → searching by whoever wakes it
///            searching → claimed → summoned → busy      and parked likewise: by the caller of a gang or a loop
///            searching → retired → parked, searching  a spare that is not needed
///
/// `claimed` lasts some instructions, during which whoever claimed it settles the books of Idlers.
enum class Doing : std::uint32_t { busy, searching, parked, claimed, summoned, retired };

/// The counters of one worker, written by it alone.
struct Tally {
  std::atomic<std::uint64_t> jobs{0};
  std::atomic<std::uint64_t> steals{0};
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> parks{0};
  std::atomic<std::uint64_t> wakes{0};

  static void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
};

struct Core;

/// A worker as the scheduler sees it.
struct Member : Worker {
  bool change(Doing from, Doing to) noexcept {
    auto expected = static_cast<std::uint32_t>(from);
    return doing.compare_exchange_strong(expected, static_cast<std::uint32_t>(to), std::memory_order_seq_cst,
                                         std::memory_order_relaxed);
  }
  void set(Doing now) noexcept { doing.store(static_cast<std::uint32_t>(now), std::memory_order_release); }
  Doing now() const noexcept { return static_cast<Doing>(doing.load(std::memory_order_acquire)); }

  Core* core = nullptr;

  // What others change while it looks for work.
  alignas(64) std::atomic<std::uint32_t> doing{static_cast<std::uint32_t>(Doing::searching)};
  // While claimed or summoned: what is to be done, and the next one of those claimed with it.
  Call* call = nullptr;
  unsigned seat = 0;
  bool slept = false;
  Member* next_claimed = nullptr;

  // Its own.
  alignas(64) Tally tally;
  static constexpr unsigned most_jobs_between_looks = 64;
  unsigned until_look = most_jobs_between_looks;  // jobs, until it looks around for more than the next one
  unsigned stride = most_jobs_between_looks;      // what until_look begins with
  unsigned since_fair_turn = 0;                   // jobs
  unsigned fair_turns = 0;
  std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds> looked_at{};  // at the timers
  std::uint32_t random = 0;
  unsigned blocked = 0;  // depth of BlockingScopes
  bool has_stand_in = false;
  bool is_spare = false;
  std::vector<unsigned> near;  // others of its memory node
  std::vector<unsigned> far;
  std::vector<std::uint64_t> has_run;  // jobs that each worker had run when it was looked at last
  std::vector<unsigned> processors;    // that it keeps to; empty: all
  std::thread thread;
};

}  // namespace libabi::task::detail
