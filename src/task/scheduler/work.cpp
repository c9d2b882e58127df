// The life of a worker: run, look for more, sleep.
#include "core.hpp"
#include "futex.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

namespace libabi::task::detail {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// Work often follows work at once, and waking a sleeping thread costs 5 to 50 us: a worker stays awake that long for the next
// one, and no longer, since at rest a scheduler must cost nothing.
constexpr microseconds kPatience(30);
// With more threads than processors, spinning keeps away the very thread that would make work.
constexpr microseconds kCrowdedPatience(100);
// Between two looks at the other workers, whose lines every look takes away from them: about a microsecond.
constexpr unsigned kMostPauses = 32;

/// How a searching worker passes the time between looks.
class Rest {
 public:
  explicit Rest(bool crowded) noexcept : crowded_(crowded) { begin_again(); }
  void begin_again() noexcept {
    since_ = Clock::now();
    pauses_ = 1;
  }
  /// False when it has lasted long enough to sleep. Returns early where the worker is called or a job arrives from outside.
  bool pass(const Member& me, const Inbox& inbox) noexcept {
    if (crowded_) {
      std::this_thread::yield();
      return Clock::now() - since_ < kCrowdedPatience;
    }
    for (unsigned pause = 0; pause < pauses_; ++pause) {
      sync::spin_pause();
      if (me.now() != Doing::searching || !inbox.empty()) return true;
    }
    pauses_ = std::min(2 * pauses_, kMostPauses);
    return Clock::now() - since_ < kPatience;
  }

 private:
  const bool crowded_;
  Clock::time_point since_;
  unsigned pauses_;
};

}  // namespace

inline void Core::run_job(Member& me, Job& job) noexcept {
  trace({.kind = TraceKind::job_begin, .worker = me.index, .job = &job});
  job.run(job);
  Tally::count(me.tally.jobs);
  trace({.kind = TraceKind::job_end, .worker = me.index, .job = &job});
}

inline Job* Core::next(Member& me) noexcept {
  if (--me.until_look == 0) [[unlikely]]
    if (Job* const job = look_around(me)) return job;
  if (inbox.has(Priority::high)) [[unlikely]]
    if (Job* const job = take_from_inbox(me, Priority::high)) return job;
  if (Job* const job = me.pop()) return job;
  return take_from_inbox(me, Priority::normal);
}

void Core::work(Member& me) noexcept {
  Job* job = search(me);
  while (job) {
    run_job(me, *job);
    job = next(me);
    if (job) continue;
    begin_search(me);
    job = search(me);
  }
}

Job* Core::look_around(Member& me) noexcept {
  me.since_fair_turn += me.stride;
  look_at_timers(me);
  me.until_look = me.stride;
  return me.since_fair_turn < Member::most_jobs_between_looks ? nullptr : fair_turn(me);
}

// The job that has waited longest in one of the places that could be passed over for ever.
Job* Core::fair_turn(Member& me) noexcept {
  me.since_fair_turn = 0;
  switch (++me.fair_turns % 3) {
    case 0: return take_from_inbox(me, Priority::low);
    case 1: return take_from_inbox(me, Priority::normal);
    default: return take_oldest(me);
  }
}

// Of its own deque. An owner that steals from itself waits in vain for its own answer and pays for a heavy fence, 2 us: where
// there are few jobs it takes out all of them and puts the others back, in 2 ns each.
Job* Core::take_oldest(Member& me) noexcept {
  constexpr std::size_t few = 16;
  if (me.jobs.size_hint() > few) return me.jobs.steal();
  std::array<Job*, few> taken;
  std::size_t count = 0;
  while (count != few && (taken[count] = me.pop())) ++count;
  if (count == 0) return nullptr;
  for (std::size_t i = count - 1; i-- > 0;)
    if (!me.push(*taken[i])) submit_from_outside(*taken[i]);
  return taken[count - 1];
}

Job* Core::take_from_inbox(Member& me, Priority priority) noexcept {
  Job* const job = inbox.pop(priority);
  if (job) Tally::count(me.tally.taken);
  return job;
}

Job* Core::take_any(Member& me) noexcept {
  if (Job* const job = take_from_inbox(me, Priority::high)) return job;
  if (Job* const job = me.pop()) return job;
  if (Job* const job = take_from_inbox(me, Priority::normal)) return job;
  if (Job* const job = steal(me)) return job;
  return take_from_inbox(me, Priority::low);
}

Job* Core::steal(Member& me) noexcept {
  me.random = me.random * 1664525u + 1013904223u;  // Numerical Recipes' generator; its high half is good enough
  const unsigned started = started_members.load(std::memory_order_relaxed);
  for (const std::vector<unsigned>* others : {&me.near, &me.far}) {
    const std::size_t count = others->size();
    for (std::size_t i = 0, at = count ? (me.random >> 16) % count : 0; i < count; ++i, at = at + 1 == count ? 0 : at + 1) {
      if ((*others)[at] >= started) continue;
      Member& victim = members[(*others)[at]];
      if (!is_worth_stealing_from(me, victim)) continue;
      Job* const job = victim.jobs.steal();
      if (!job) continue;
      Tally::count(me.tally.steals);
      trace({.kind = TraceKind::steal, .worker = me.index, .job = job, .other = victim.index});
      return job;
    }
  }
  return nullptr;
}

// Whether stealing from it is to the good. The only job of a worker that runs one after the other is likely to be taken by it in
// some nanoseconds (a coroutine that gives others a turn), and would only go to and fro: it is left until it has seen two looks.
bool Core::is_worth_stealing_from(Member& me, const Member& victim) noexcept {
  const std::size_t jobs = victim.jobs.size_hint();
  if (jobs != 1) return jobs != 0;
  const std::uint64_t has_run = victim.tally.jobs.load(std::memory_order_relaxed);
  return std::exchange(me.has_run[victim.index], has_run) == has_run;
}

bool Core::work_is_to_be_had(Member& me) noexcept {
  if (!inbox.empty() || !me.jobs.empty_hint()) return true;
  const auto has_jobs = [this, &me, started = started_members.load(std::memory_order_relaxed)](unsigned other) {
    return other < started && is_worth_stealing_from(me, members[other]);
  };
  return std::ranges::any_of(me.near, has_jobs) || std::ranges::any_of(me.far, has_jobs);
}

bool Core::work_is_visible(const Member& me) const noexcept {
  if (!inbox.empty() || !me.jobs.empty_hint() || time.is_unkept()) return true;
  const auto has_jobs = [this, started = started_members.load(std::memory_order_relaxed)](unsigned other) {
    return other < started && !members[other].jobs.empty_hint();
  };
  return std::ranges::any_of(me.near, has_jobs) || std::ranges::any_of(me.far, has_jobs);
}

void Core::begin_search(Member& me) noexcept {
  idlers.word.fetch_add(Idlers::one_searching, std::memory_order_seq_cst);
  me.set(Doing::searching);
}

// The last one who searched: whoever made work meanwhile has relied on it.
void Core::end_search(Member& me) noexcept {
  const std::uint32_t before = idlers.word.fetch_sub(Idlers::one_searching, std::memory_order_seq_cst);
  const std::uint32_t parked_now = Idlers::parked(before);
  if (Idlers::searching(before) != 1 || parked_now == 0) return;
  // Where others are at work, their pushes are ordered by a light fence alone.
  if (active.load(std::memory_order_relaxed) > parked_now + 1) sync::heavy_fence();
  if (work_is_visible(me)) wake_one();
}

// Returns when the call is done; false where the worker is not called (any more).
bool Core::answer_call(Member& me) noexcept {
  if (!me.change(Doing::summoned, Doing::busy)) return false;
  Call& call = *me.call;
  end_search(me);
  Tally::count(me.tally.calls);
  trace({.kind = TraceKind::gang_begin, .worker = me.index});
  call.work(call, me.seat);
  trace({.kind = TraceKind::gang_end, .worker = me.index});
  begin_search(me);
  call.done(call);
  return true;
}

// Fires the timers that are due as what it is, a worker at work: what they do may take long, and submits jobs.
bool Core::answer_timers(Member& me) noexcept {
  if (!me.change(Doing::searching, Doing::busy)) return false;
  const bool claimed = time.claim(time.now());
  if (claimed) {
    end_search(me);
    time.fire();
    begin_search(me);
  } else {
    me.set(Doing::searching);
  }
  return claimed;
}

Job* Core::search(Member& me) noexcept {
  for (Rest rest(crowded);;) {
    if (me.now() != Doing::searching) {
      if (answer_call(me))
        rest.begin_again();
      else
        sync::spin_pause();
    } else if (time.is_due()) {
      if (answer_timers(me)) rest.begin_again();
    } else if (work_is_to_be_had(me)) {
      if (!me.change(Doing::searching, Doing::busy)) continue;
      if (Job* const job = take_any(me)) {
        end_search(me);
        return job;
      }
      me.set(Doing::searching);
      rest.pass(me, inbox);
    } else if (stopping.load(std::memory_order_seq_cst)) {
      if (!me.change(Doing::searching, Doing::busy)) continue;
      idlers.word.fetch_sub(Idlers::one_searching, std::memory_order_seq_cst);
      return nullptr;
    } else if (me.is_spare && retire(me)) {
      rest.begin_again();
    } else if (!rest.pass(me, inbox)) {
      if (park(me)) return nullptr;
      rest.begin_again();
    }
  }
}

// Jobs that are not to be had now are watched by one worker, lest they be left lying.
bool Core::must_stay_awake(Member& me) noexcept {
  if (stopping.load(std::memory_order_seq_cst) || work_is_to_be_had(me)) return true;
  return work_is_visible(me) && Idlers::searching(idlers.word.load(std::memory_order_seq_cst)) == 0;
}

// True: the thread belongs to a host, and goes back there.
bool Core::park(Member& me) noexcept {
  enter_books_of_parked(me);
  if (host) Tally::count(me.tally.parks);
  time.try_keep(me);
  if (!me.change(Doing::searching, Doing::parked)) {
    time.resign(me);
    leave_books_of_parked(me);
    return false;
  }
  // From here on the worker may be woken, and where it is a host's another thread may be it.
  sync::heavy_fence();
  if (must_stay_awake(me)) {
    time.resign(me);
    return !get_up(me) && host;
  }
  if (host) return true;
  sleep(me);
  return false;
}

void Core::sleep(Member& me) noexcept {
  Tally::count(me.tally.parks);
  trace({.kind = TraceKind::park, .worker = me.index});
  for (Doing now = me.now(); now == Doing::parked || now == Doing::retired; now = me.now()) {
    if (time.keeper() != &me) {
      futex_wait(me.doing, static_cast<std::uint32_t>(now));
    } else if (const auto left = time.time_left(); left.count() > 0) {
      futex_wait(me.doing, static_cast<std::uint32_t>(now), left);
    } else if (get_up(me)) {
      Tally::count(me.tally.wakes);
    }
  }
  time.resign(me);
  trace({.kind = TraceKind::wake, .worker = me.index});
}

// False where somebody was faster to wake it.
bool Core::get_up(Member& me) noexcept {
  if (!me.change(Doing::parked, Doing::busy)) return false;
  leave_books_of_parked(me);
  me.set(Doing::searching);
  return true;
}

}  // namespace libabi::task::detail
