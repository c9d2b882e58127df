#include "gang.hpp"
#include "gate.hpp"
#include "turnstile.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/fault.hpp>
#include <abi/task/pool.hpp>

#include <algorithm>
#include <csignal>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

namespace libabi::task {

namespace {

using std::chrono::microseconds;

// Gangs often follow one another at once, and waking a sleeping thread costs 5 to 50 us: a worker stays awake that long
// for the next one, and no longer, since at rest a pool must cost nothing.
constexpr Patience kWorkerPatience{.spin = microseconds(30)};
// A member that is later than this was taken off its processor, or works alone for long; either may need ours.
constexpr Patience kMemberPatience{.spin = microseconds(30), .yield = microseconds(200)};
// With more threads than processors, spinning keeps away the very thread that is waited for.
constexpr Patience kCrowdedPatience{.yield = microseconds(100)};

// Whether this thread is a member of some pool's gang now.
constinit thread_local bool in_a_gang = false;

// Changes in the child of a fork(), where the threads of a pool are gone.
constinit std::atomic<unsigned> forks{0};

int watch_forks() noexcept {
  return pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
}

// Signals meant for the process must interrupt the host's threads, not ours; those that a thread raises by its own fault
// stay, and so does the profiler's.
class SignalsHeldBack {
 public:
  SignalsHeldBack() noexcept {
    sigset_t held;
    sigfillset(&held);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&held, own);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

 private:
  sigset_t before_;
};

void name_this_thread(unsigned index) noexcept {
  char name[16] = "abi/";  // the system takes 15 characters
  unsigned divisor = 1;
  while (index / divisor >= 10) divisor *= 10;
  std::size_t length = 4;
  for (; divisor != 0; divisor /= 10) name[length++] = static_cast<char>('0' + index / divisor % 10);
#if defined(__linux__)
  pthread_setname_np(pthread_self(), name);
#endif
}

}  // namespace

struct Pool::Impl {
  struct Job {
    GangFn function;
    void* context;
    GangMember::State* state;
  };

  explicit Impl(unsigned thread_count) : starts(thread_count) {}

  Result<void> start();
  void stop() noexcept;
  void work(unsigned index) noexcept;
  static void run_member(const Job& job, unsigned index) noexcept;
  static Result<void> run_alone(GangFn function, void* context);
  Result<void> run(GangFn function, void* context, unsigned members);

  bool threads_are_gone() const noexcept { return forks.load(std::memory_order_relaxed) != forks_at_start; }

  // starts[i] is moved on when member i has something to do; starts[0], the caller's, is never used. One gate each, so
  // that a gang of a few wakes only those.
  std::vector<Gate> starts;
  std::vector<std::thread> workers;
  Turnstile turns;
  Job job{};
  alignas(64) std::atomic<unsigned> running{0};  // workers that have not finished the job
  Gate finished;
  std::atomic<bool> stopping{false};
  bool crowded = false;
  unsigned forks_at_start = forks.load(std::memory_order_relaxed);
};

Result<void> Pool::Impl::start() {
  const auto threads = static_cast<unsigned>(starts.size());
  crowded = threads > available_processors();
  workers.reserve(threads - 1);
  const SignalsHeldBack held;
  for (unsigned index = 1; index < threads; ++index) {
    try {
      if (memory::allocation_must_fail())
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      workers.emplace_back([this, index] { work(index); });
    } catch (const std::system_error& failure) {
      return error(ErrorCode::exhausted, "the system gives {} of {} threads: {}", index - 1, threads - 1, failure.what());
    }
  }
  return {};
}

void Pool::Impl::stop() noexcept {
  stopping.store(true, std::memory_order_relaxed);
  for (Gate& start : starts) start.add(1);
  for (std::thread& worker : workers) worker.join();
  workers.clear();
}

void Pool::Impl::work(unsigned index) noexcept {
  name_this_thread(index);
  for (std::uint32_t seen = 0;;) {
    seen = starts[index].await_change(seen, crowded ? kCrowdedPatience : kWorkerPatience);
    if (stopping.load(std::memory_order_relaxed)) return;
    run_member(job, index);
    // From here on the gang's state may be gone; the pool is not, since its end waits for this thread.
    if (running.fetch_sub(1, std::memory_order_acq_rel) == 1) finished.add(1);
  }
}

void Pool::Impl::run_member(const Job& job, unsigned index) noexcept {
  const bool before = std::exchange(in_a_gang, true);
  GangMember::State& state = *job.state;
  GangMember member(state, index, state.count);
  try {
    job.function(job.context, member);
  } catch (...) {
    state.fail(libabi::detail::current_exception_error());
  }
  state.leave();
  in_a_gang = before;
}

Result<void> Pool::Impl::run_alone(GangFn function, void* context) {
  GangMember::State state(1, {});
  run_member(Job{function, context, &state}, 0);
  return std::move(state).result();
}

Result<void> Pool::Impl::run(GangFn function, void* context, unsigned members) {
  const auto threads = static_cast<unsigned>(starts.size());
  members = members == 0 ? threads : std::min(members, threads);
  if (threads_are_gone()) return run_alone(function, context);
  // A member of a gang must not wait for a turn: the pool may be its own, or one whose gang is waiting for its own.
  if (!in_a_gang)
    turns.enter();
  else if (!turns.try_enter())
    return run_alone(function, context);

  const Patience patience = crowded ? kCrowdedPatience : kMemberPatience;
  GangMember::State state(members, patience);
  job = Job{function, context, &state};
  const std::uint32_t before = finished.value();
  running.store(members - 1, std::memory_order_relaxed);
  for (unsigned index = 1; index < members; ++index) starts[index].add(1);
  run_member(job, 0);
  if (members > 1) finished.await_change(before, patience);
  turns.leave();
  return std::move(state).result();
}

Result<std::unique_ptr<Pool>> Pool::create(const PoolOptions& options) {
  return boundary([&]() -> Result<std::unique_ptr<Pool>> {
    if (options.threads > max_threads)
      return libabi::error(ErrorCode::invalid_argument, "{} threads are asked for, a pool has at most {}", options.threads,
                           max_threads);
    static const int watching = watch_forks();
    if (watching != 0 || memory::allocation_must_fail())
      return libabi::error(ErrorCode::exhausted, "the system has no memory for a pool");
    const unsigned threads = options.threads != 0 ? options.threads : std::min(available_processors(), max_threads);
    auto impl = std::make_unique<Impl>(threads);
    std::unique_ptr<Pool> pool(new Pool(std::move(impl)));
    ABI_TRY(pool->impl_->start());
    return pool;
  });
}

Pool::Pool(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Pool::~Pool() {
  if (impl_->threads_are_gone())
    static_cast<void>(impl_.release());  // there is nobody to join, and a std::thread that was not joined cannot be destroyed
  else
    impl_->stop();
}

unsigned Pool::threads() const noexcept { return static_cast<unsigned>(impl_->starts.size()); }

Result<void> Pool::gang_erased(GangFn function, void* context, unsigned members) {
  return impl_->run(function, context, members);
}

}  // namespace libabi::task
