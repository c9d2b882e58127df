#pragma once
/// The threads of a programme, once for all of it: jobs, coroutines, fork-join, loops and the gangs of a neural network run on
/// the workers of one Scheduler.
///
///     ABI_TRY(auto scheduler, Scheduler::create());                       // or Scheduler::shared(), the one of the process
///     scheduler->submit(job);                                             // a Job runs some time later, on a worker
///     ABI_TRY(int answer, scheduler->run([] { return compute(); }));      // ... or is waited for
///     ABI_TRY(parallel_for(*scheduler, 0, n, [&](std::size_t from, std::size_t to) { ... }));   // parallel.hpp
///     ABI_TRY(scheduler->gang([&](GangMember& member) { ...; member.barrier(); ... }));
///
/// ## Where a job runs
/// Each worker has a deque. A job of normal priority that a worker submits goes to the bottom of its own, from where the worker
/// takes the newest and idle workers steal the oldest (Blumofe and Leiserson, JACM 1999). All others (from outside; of high or
/// low priority) go to one queue for each priority, in order of arrival. A worker looks for high ones first, then into its own
/// deque, then for normal ones, then into the deques of others (those of its own memory node first), then for low ones. Nothing
/// starves: every 64th job is the one that has waited longest in one of these places in turn.
///
/// ## Sleep and waking
/// A worker that finds nothing looks for 30 us (it yields instead where there are more threads than processors), then sleeps in
/// the kernel: at rest a scheduler costs no processor time at all. A submission wakes one worker by one system call, and only
/// where some sleep and none is awake and looking. A woken worker that sees more work wakes the next.
///
/// ## Blocking
/// A job that waits in the kernel (a file, a lock, another library) says so by a BlockingScope, and a spare thread takes its
/// place. A job that waits for another job otherwise than by fork-join or co_await may wait forever where all workers do so.
///
/// ## Time
/// clock() is a Clock whose timers fire on the workers, so that sleeping coroutines and deadlines need no thread beside them. A
/// worker that looks for work fires what is due; one that runs job after job looks about every tick (65.5 us); of those that
/// sleep one sleeps no longer than until the next timer. A timer waits only where all workers are inside a job: it fires when
/// the first of these ends. Where a timer must interrupt that too, a SystemClock has a thread of its own.
///
/// ## Life
/// Destruction first runs all jobs that are queued, and those that these submit, then ends the threads. Nobody else uses the
/// scheduler then, and none of its own jobs destroys it. An Executor outlives the jobs that are still to be submitted to it.
///
/// In the child of a fork() the threads are gone. There a scheduler is empty, whatever was queued in the parent, and starts
/// anew with its first use; where the system refuses threads to it, run(), gang() and loops still run on the caller alone. A
/// child that was forked inside a job must not return from it.
///
/// shared() is made at its first use with default options, and never ends: at exit its threads are left as they are, asleep or
/// at work, so that no destructor of a static object waits for them, and each of them can still use it. Where jobs must have
/// ended before the programme does, wait for them, or make a scheduler of your own.
///
/// ## Threads, names, signals
/// They are called <name>/1, <name>/2, ... (spares follow) and leave the signals of the process to the host's threads.
///
/// Cost: a job that a worker submits and runs, about 5 ns; submitted and waited for from outside, 0.3 us with a worker awake, 10
/// to 50 us with all asleep; no allocation, ever. Rows runtime.submit.* and runtime.region.* of `./dev bench`.

#include <abi/base/boundary.hpp>
#include <abi/base/error.hpp>
#include <abi/task/executor.hpp>
#include <abi/task/gang.hpp>
#include <abi/task/scheduler_events.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

namespace libabi::task {

class Clock;  // clock.hpp

namespace detail {
struct Call;
struct Core;
struct Region;
}  // namespace detail

struct SchedulerOptions {
  /// Workers, and threads that a gang or a loop has, its caller included; 0 takes what the process may use (affinity and cgroup
  /// quota). At most Scheduler::max_threads.
  unsigned threads = 0;
  /// Threads that may stand in for workers inside a BlockingScope, at most Scheduler::max_threads; started when first needed.
  unsigned spare_threads = 16;
  std::string name = "abi";  ///< of the threads; the system keeps 15 characters, number included
  /// On a machine with several memory nodes each worker keeps to one of them, and steals there first.
  bool numa = true;
  TraceHook trace;         ///< called by the workers
  Clock* clock = nullptr;  ///< what clock() is instead of one of its own (a test's ManualClock); outlives the scheduler
};

/// Thread-safe.
class ABI_API Scheduler final : public Executor {
 public:
  static constexpr unsigned max_threads = 1024;

  /// Errors: exhausted (memory, or the system gives no threads), invalid_argument (more than max_threads).
  static Result<std::unique_ptr<Scheduler>> create(const SchedulerOptions& options = {});
  /// The same on threads of oneTBB, none of its own: `arena` is a tbb::task_arena that outlives it, or null for the arena of the
  /// calling thread. A worker that has something to do is a task of the arena for that long. options.threads is at most the
  /// arena's concurrency; spare threads, name and numa mean nothing, since threads are the host's. A gang begins with those
  /// that come within 200 us. In the child of a fork() jobs do not run. Errors: as create(); unsupported in a build without
  /// oneTBB.
  static Result<std::unique_ptr<Scheduler>> on_tbb(void* arena = nullptr, const SchedulerOptions& options = {});
  /// The scheduler of the process. Errors: exhausted; the next call tries again.
  static Result<Scheduler*> shared();
  ~Scheduler();

  /// Workers of this scheduler, spares not counted.
  unsigned threads() const noexcept;

  void submit(Job& job) noexcept override;

  /// Runs `body()` on a worker and returns what it returns, as a Result; a Result stays what it is. Called by a worker of this
  /// scheduler or a member of a gang it runs at once, right here. Errors: what the body throws.
  template <class Body>
  auto run(Body&& body);

  /// Runs `body(GangMember&)` once on each of `members` threads (0 or too many: threads()) at the same time, the caller being
  /// member 0, and returns when all have returned. An exception of a member ends the gang's barriers and comes back as an error,
  /// the first one where there are several.
  ///
  /// The others are workers that have nothing else to do, be they awake or asleep. Those that are at work when the gang begins
  /// are waited for, for 20 us at most; the gang is the smaller for those that are not through by then. So the body looks at
  /// count(), and no gang ever waits for a job. Gangs of several from outside take turns, in the order of their coming. One from
  /// inside (a job of any scheduler, a member of any gang) never waits for a turn: while another gang is on, it has one member,
  /// the caller.
  ///
  /// Fork and join cost about 0.2 us while the workers are awake, 10 to 50 us otherwise.
  template <class Body>
  Result<void> gang(Body&& body, unsigned members = 0) {
    using Fn = std::remove_reference_t<Body>;
    return gang_erased([](void* context, GangMember& member) { (*static_cast<Fn*>(context))(member); },
                       const_cast<void*>(static_cast<const void*>(std::addressof(body))), members);
  }

  /// The scheduler's clock (see Time above), valid as long as it is. Timers still armed at its end never fire. In the child of a
  /// fork() there is a new one. On a host's threads, which must not be kept waiting, it is SystemClock::shared(), and the errors
  /// are those of that; there are none otherwise.
  Result<Clock*> clock() const noexcept;

  /// What all workers and spares have done so far; each counter by itself is exact.
  SchedulerCounters counters() const noexcept;
  /// The same of one worker, index below threads(); zeros for any other.
  SchedulerCounters counters(unsigned worker) const noexcept;

 private:
  friend class BlockingScope;
  friend struct detail::Core;
  friend struct detail::Region;
  using GangFn = void (*)(void* context, GangMember& member);
  using RunFn = void (*)(void* context);

  explicit Scheduler(std::unique_ptr<detail::Core> core) noexcept;
  detail::Core& core() const noexcept;
  detail::Core& revive(detail::Core& dead) const noexcept;
  Result<void> run_erased(RunFn function, void* context);
  Result<void> gang_erased(GangFn function, void* context, unsigned members);

  mutable std::atomic<detail::Core*> core_;
};

/// While it lives, the job that made it waits for something other than this scheduler's work, and a spare thread takes its
/// worker's place, so that no work is left lying: for blocking calls of more than some 10 us. May be nested (the outermost
/// counts), and is nothing on threads that are no workers. Where all spares are in use or the system gives no thread, the
/// scheduler has one worker less meanwhile. Costs about 50 ns, and starts a thread the first time.
class ABI_API BlockingScope {
 public:
  BlockingScope() noexcept;
  ~BlockingScope();
  BlockingScope(const BlockingScope&) = delete;
  BlockingScope& operator=(const BlockingScope&) = delete;

 private:
  void* worker_;
};

template <class Body>
auto Scheduler::run(Body&& body) {
  using Fn = std::remove_reference_t<Body>;
  using Returned = std::invoke_result_t<Body>;
  if constexpr (std::is_void_v<Returned>) {
    return run_erased([](void* context) { (*static_cast<Fn*>(context))(); },
                      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
  } else {
    struct Frame {
      Fn* body;
      std::optional<Returned> returned;
    } frame{std::addressof(body), {}};
    Result<void> ran = run_erased(
        [](void* context) {
          auto& own = *static_cast<Frame*>(context);
          own.returned.emplace((*own.body)());
        },
        &frame);
    if constexpr (requires(Returned value) {
                    { value.error() } -> std::convertible_to<Error>;
                  }) {
      if (!ran) return Returned(std::unexpected(std::move(ran).error()));
      return std::move(*frame.returned);
    } else {
      if (!ran) return Result<Returned>(std::unexpected(std::move(ran).error()));
      return Result<Returned>(std::move(*frame.returned));
    }
  }
}

}  // namespace libabi::task
