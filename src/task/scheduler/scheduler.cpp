#include "core.hpp"
#include "errand.hpp"
#include "gang.hpp"

#include <abi/memory/fault.hpp>
#include <abi/task/processors.hpp>

#include <algorithm>
#include <optional>

namespace libabi::task {

using detail::Core;

namespace {

using std::chrono::microseconds;

// A member that is later than this was taken off its processor, or works alone for long; either may need ours.
constexpr Patience kMemberPatience{.spin = microseconds(30), .yield = microseconds(200)};
// With more threads than processors, spinning keeps away the very thread that is waited for.
constexpr Patience kCrowdedPatience{.yield = microseconds(100)};
// Waking up costs as much as this, and a worker may need the processor.
constexpr Patience kErrandPatience{.spin = microseconds(20)};
// How long a gang waits for workers that are at work: for the end of something short.
constexpr microseconds kGangPatience(20);
// How long a gang waits for threads of a host, which may be at work for it.
constexpr microseconds kMusterPatience(200);

Result<void> check(const SchedulerOptions& options) {
  for (const unsigned threads : {options.threads, options.spare_threads})
    if (threads > Scheduler::max_threads)
      return error(ErrorCode::invalid_argument, "{} threads are asked for, a scheduler has at most {}", threads,
                   Scheduler::max_threads);
  return {};
}

SchedulerOptions completed(SchedulerOptions options) {
  if (options.threads == 0) options.threads = std::min(available_processors(), Scheduler::max_threads);
  return options;
}

}  // namespace

Result<std::unique_ptr<Scheduler>> Scheduler::create(const SchedulerOptions& options) {
  return boundary([&]() -> Result<std::unique_ptr<Scheduler>> {
    ABI_TRY(check(options));
    return detail::make_scheduler(completed(options), nullptr);
  });
}

Result<std::unique_ptr<Scheduler>> detail::make_scheduler(const SchedulerOptions& options, std::unique_ptr<Host> host) {
  if (!watch_forks() || memory::allocation_must_fail())
    return error(ErrorCode::exhausted, "the system has no memory for a scheduler");
  ABI_TRY(auto core, Core::create(options, std::move(host)));
  return Core::put_behind_a_face(std::move(core));
}

Result<std::unique_ptr<Scheduler>> Core::put_behind_a_face(std::unique_ptr<Core> core) {
  std::unique_ptr<Scheduler> scheduler(new Scheduler(std::move(core)));
  Core& own = *scheduler->core_.load(std::memory_order_relaxed);
  own.face = scheduler.get();
  ABI_TRY(own.start());
  return scheduler;
}

// The scheduler of the process. Never freed: what ends after it may still use it. No lock, which a fork() might find taken.
Result<Scheduler*> Scheduler::shared() {
  static constinit std::atomic<Scheduler*> one{nullptr};
  if (Scheduler* const there = one.load(std::memory_order_acquire)) return there;
  ABI_TRY(std::unique_ptr<Scheduler> made, create());
  Scheduler* first = nullptr;
  if (!one.compare_exchange_strong(first, made.get(), std::memory_order_acq_rel)) return first;
  return made.release();
}

Scheduler::Scheduler(std::unique_ptr<Core> core) noexcept : core_(core.release()) {}

Scheduler::~Scheduler() {
  std::unique_ptr<Core> core(core_.load(std::memory_order_relaxed));
  if (core->is_of_another_process()) static_cast<void>(core.release());  // nobody is there to be joined
}

Core& Scheduler::core() const noexcept {
  Core& own = *core_.load(std::memory_order_acquire);
  return own.is_of_another_process() ? revive(own) : own;
}

// In the child of a fork(): the dead core is left behind as the threads left it, whatever locks they held. It is the dead one
// that comes back where the system refuses a new one.
Core& Scheduler::revive(Core& dead) const noexcept {
  auto made = boundary([&]() -> Result<std::unique_ptr<Core>> {
    if (dead.host) return error(ErrorCode::failed_precondition, "a host's threads do not survive a fork");
    ABI_TRY(auto core, Core::create(dead.options, nullptr));
    core->face = dead.face;
    ABI_TRY(core->start());
    return core;
  });
  if (!made) return dead;
  Core* now = &dead;
  if (core_.compare_exchange_strong(now, made->get(), std::memory_order_acq_rel)) now = made->release();
  return *now;
}

unsigned Scheduler::threads() const noexcept { return core_.load(std::memory_order_acquire)->count(); }

Result<Clock*> Scheduler::clock() const noexcept {
  return boundary([&]() -> Result<Clock*> {
    Core& own = core();
    if (own.options.clock) return own.options.clock;
    if (!own.host) return &own.time;
    ABI_TRY(SystemClock* const shared, SystemClock::shared());
    return shared;
  });
}

void Scheduler::submit(Job& job) noexcept {
  detail::Worker* const me = detail::current_worker;
  if (me && me->scheduler == this && job.priority == Priority::normal && me->push(job)) [[likely]]
    return;
  core().submit_from_outside(job);
}

Result<void> Scheduler::run_erased(RunFn function, void* context) {
  Core& own = core();
  detail::Worker* const me = detail::current_worker;
  if ((me && me->scheduler == this) || detail::in_a_gang || own.is_of_another_process())
    return boundary([&]() -> Result<void> {
      function(context);
      return {};
    });
  std::optional<BlockingScope> blocking;
  if (me) blocking.emplace();  // a worker of another scheduler, where it is missed meanwhile
  detail::Errand errand(function, context);
  own.submit_from_outside(errand);
  errand.running.await(own.crowded ? kCrowdedPatience : kErrandPatience);
  return std::move(errand).result();
}

Result<void> Scheduler::gang_erased(GangFn function, void* context, unsigned members) {
  Core& own = core();
  const Patience patience = own.crowded ? kCrowdedPatience : kMemberPatience;
  detail::GangCall call(function, context, patience);
  const unsigned others = (members == 0 ? own.count() : std::min(members, own.count())) - 1;
  // From inside, a turn is not waited for: whoever has it may be waiting for us.
  const bool inside = detail::in_a_gang || detail::current_worker != nullptr;
  bool has_turn = false;
  if (others != 0 && !own.is_of_another_process()) {
    has_turn = !inside || own.turns.try_enter();
    if (!inside) own.turns.enter();
  }
  detail::Crew crew;
  if (has_turn) own.gather(others, kGangPatience, crew);
  call.state.count = crew.count + 1;
  call.running.set(crew.count);
  if (own.host && crew.count != 0) call.muster();
  own.send(crew, call, 1);
  if (call.is_mustered) own.begin_with_those_who_come(call, crew.count, kMusterPatience);
  call.take_part(0);
  call.running.await(patience);
  if (has_turn) own.turns.leave();
  return std::move(call).result();
}

}  // namespace libabi::task
