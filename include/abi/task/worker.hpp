#pragma once
/// What fork-join needs to see of a scheduler's worker, inline: its deque, and who runs on this thread. Not for users: see
/// scheduler.hpp and fork_join.hpp.

#include <abi/base/api.hpp>
#include <abi/sync/work_stealing_deque.hpp>
#include <abi/task/executor.hpp>

#include <atomic>
#include <cstdint>

namespace libabi::task {

class Scheduler;

namespace detail {

struct Worker;
// initial-exec: a load and no call, from within the shared library too.
ABI_API extern constinit thread_local Worker* current_worker [[gnu::tls_model("initial-exec")]];

/// How many workers sleep (low half) and how many are awake and look for work (high half), in one word: somebody must be woken
/// where there are some of the first and none of the second.
struct Idlers {
  static constexpr std::uint32_t one_parked = 1;
  static constexpr std::uint32_t one_searching = 1u << 16;
  static constexpr std::uint32_t parked(std::uint32_t word) noexcept { return word & (one_searching - 1); }
  static constexpr std::uint32_t searching(std::uint32_t word) noexcept { return word / one_searching; }
  static constexpr bool want_waking(std::uint32_t word) noexcept { return word - 1 < one_searching - 1; }

  alignas(64) std::atomic<std::uint32_t> word{0};
};

/// One thread of a scheduler. Only this thread pushes and pops.
struct alignas(64) Worker {
  /// Ready jobs, newest at the bottom. Thieves take from the top and call `run` on their own thread.
  sync::WorkStealingDeque<Job*> jobs;
  Scheduler* scheduler = nullptr;
  const Idlers* idlers = nullptr;
  unsigned index = 0;
  /// The memory that fork_join.hpp takes frames from on this worker; its own affair.
  void* frames = nullptr;

  /// Makes the job stealable; wakes a sleeping worker where there is one and nobody looks for work. No fence: a worker that goes
  /// to sleep pays for it. False where the deque cannot grow: the caller runs the job itself then.
  [[nodiscard]] bool push(Job& job) noexcept {
    if (!jobs.push(&job)) [[unlikely]]
      return false;
    sync::light_fence();
    // relaxed: the fence here and the heavy one of a worker that parks order it (see Core::park()).
    if (Idlers::want_waking(idlers->word.load(std::memory_order_relaxed))) [[unlikely]]
      wake_another();
    return true;
  }

  /// The job pushed last, null where it was stolen or there is none.
  Job* pop() noexcept { return jobs.pop(); }

  /// The worker that this thread is; null on any other thread.
  static Worker* current() noexcept { return current_worker; }

 private:
  ABI_API void wake_another() noexcept;
};

}  // namespace detail
}  // namespace libabi::task
