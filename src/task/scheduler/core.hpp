#pragma once

#include "gate.hpp"
#include "inbox.hpp"
#include "member.hpp"
#include "timekeeper.hpp"
#include "turnstile.hpp"

#include <abi/task/scheduler.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace libabi::task::detail {

/// Where the threads of a scheduler come from, if they are not its own.
class Host {
 public:
  virtual ~Host() = default;
  /// Has some thread call Core::visit(member) soon. Thread-safe, and never does so itself.
  virtual void send_for(Member& member) noexcept = 0;
  /// Nobody will be sent for any more; waits for those that are on their way or inside.
  virtual void close() noexcept = 0;
};

/// Changes in the child of a fork(), where the threads of a scheduler are gone.
extern constinit std::atomic<unsigned> forks;
/// False: the system has no memory to tell us of forks.
bool watch_forks() noexcept;

struct GangCall;

/// Workers that were claimed for a call, in a chain.
struct Crew {
  Member* first = nullptr;
  Member* last = nullptr;
  unsigned count = 0;
};

/// A scheduler without its face.
///
/// Nobody sleeps while there is work. A worker that parks first says so in Idlers, then puts a heavy fence, then looks again
/// everywhere; one who makes work puts a (light) fence between that and its look at Idlers. So either the worker sees the work
/// or the maker sees the sleeper. The maker leaves the sleeper alone where somebody is searching, who therefore has to look again
/// when it stops searching without having looked everywhere (end_search).
struct Core {
  Core(const SchedulerOptions& wanted, const Clock* source_of_time) : options(wanted), time(*this, source_of_time) {}
  ~Core();

  static Result<std::unique_ptr<Scheduler>> put_behind_a_face(std::unique_ptr<Core> core);
  static Result<std::unique_ptr<Core>> create(const SchedulerOptions& options, std::unique_ptr<Host> host,
                                              const Clock* source_of_time = nullptr);
  bool is_of_another_process() const noexcept { return forks_at_start != forks.load(std::memory_order_relaxed); }
  /// Runs all that is queued, then ends the threads.
  void stop() noexcept;

  // start.cpp
  Result<void> start();
  Result<void> start_thread(Member& member);
  void thread_main(Member& member) noexcept;
  /// A thread of the host works as this worker until there is nothing to do.
  void visit(Member& member) noexcept;

  // work.cpp: the life of a worker
  void work(Member& me) noexcept;
  Job* next(Member& me) noexcept;
  Job* look_around(Member& me) noexcept;
  Job* fair_turn(Member& me) noexcept;
  Job* take_oldest(Member& me) noexcept;
  void run_job(Member& me, Job& job) noexcept;
  Job* search(Member& me) noexcept;
  Job* take_any(Member& me) noexcept;
  Job* take_from_inbox(Member& me, Priority priority) noexcept;
  Job* steal(Member& me) noexcept;
  static bool is_worth_stealing_from(Member& me, const Member& victim) noexcept;
  bool work_is_to_be_had(Member& me) noexcept;
  bool work_is_visible(const Member& me) const noexcept;
  bool must_stay_awake(Member& me) noexcept;
  void begin_search(Member& me) noexcept;
  void end_search(Member& me) noexcept;
  bool answer_call(Member& me) noexcept;
  bool answer_timers(Member& me) noexcept;
  bool park(Member& me) noexcept;
  void sleep(Member& me) noexcept;
  bool get_up(Member& me) noexcept;

  // timekeeper.cpp
  void look_at_timers(Member& me) noexcept;

  // wake.cpp: books and sleepers
  void submit_from_outside(Job& job) noexcept;
  bool wake_one() noexcept;
  bool wake(Member& member) noexcept;
  void enter_books_of_parked(Member& member) noexcept;
  void leave_books_of_parked(Member& member) noexcept;
  void rouse(Member& member) noexcept;
  /// Claims at most `wanted` workers that do nothing, sleeping ones only where `sleepers_too`, and adds them to `crew`.
  void claim(unsigned wanted, bool sleepers_too, Crew& crew) noexcept;
  bool claim_one(Member& member, bool sleepers_too) noexcept;
  /// Claims sleeping ones too, and waits for those that are at work while there are fewer.
  void gather(unsigned wanted, std::chrono::nanoseconds patience, Crew& crew) noexcept;
  /// Sends them to the call, with seats 1, 2, ... in the order in which they were claimed.
  void send(Crew& crew, Call& call, unsigned first_seat) noexcept;
  /// Of a gang whose members are a host's threads, which come when the host has nothing better to do.
  void begin_with_those_who_come(GangCall& call, unsigned sent, std::chrono::nanoseconds patience) noexcept;
  /// Takes back seats of workers that have not come yet; how many.
  unsigned revoke(Call& call) noexcept;

  // blocking.cpp
  void begin_blocking(Member& me) noexcept;
  void end_blocking(Member& me) noexcept;
  bool start_next_spare() noexcept;
  void wake_for_what_is_left(const Member& me) noexcept;
  bool retire(Member& me) noexcept;

  void trace(TraceEvent event) const noexcept {
    if (options.trace.call) [[unlikely]]
      options.trace.call(options.trace.context, event);
  }
  unsigned count() const noexcept { return regular; }
  Member* member_of_this_thread() const noexcept {
    return current_worker && current_worker->scheduler == face ? static_cast<Member*>(current_worker) : nullptr;
  }

  const SchedulerOptions options;
  unsigned regular = 0;  // workers that are no spares
  bool crowded = false;  // more of them than processors
  Scheduler* face = nullptr;
  std::unique_ptr<Host> host;  // null: threads of our own
  std::deque<Member> members;  // the regular ones first
  unsigned forks_at_start = forks.load(std::memory_order_relaxed);
  std::atomic<bool> stopping{false};

  Inbox inbox;
  Idlers idlers;
  std::unique_ptr<std::atomic<std::uint64_t>[]> parked;  // a bit for each member
  std::size_t parked_words = 0;

  alignas(64) std::atomic<unsigned> active{0};  // workers that are neither retired nor unstarted
  std::atomic<unsigned> surplus{0};             // spares that are to retire
  std::atomic<unsigned> started_members{0};     // those before it in `members` have or had a thread
  std::mutex spares;                            // guards their starting and retiring

  Turnstile turns;  // of gangs
  Timekeeper time;
};

/// A scheduler on threads of its own, or on those of a host. The options are complete.
Result<std::unique_ptr<Scheduler>> make_scheduler(const SchedulerOptions& options, std::unique_ptr<Host> host);

/// Whether this thread is a member of some gang now.
extern constinit thread_local bool in_a_gang;

}  // namespace libabi::task::detail
