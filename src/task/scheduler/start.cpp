// How the threads of a scheduler begin and end.
#include "core.hpp"
#include "futex.hpp"
#include "homes.hpp"
#include "processors.hpp"

#include <abi/memory/fault.hpp>
#include <abi/task/processors.hpp>

#include <csignal>
#include <cstdio>
#include <system_error>
#include <utility>

#include <pthread.h>

namespace libabi::task::detail {

namespace {

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

void name_this_thread(const std::string& name, unsigned number) noexcept {
  char text[16];  // the system takes 15 characters, and the number is what tells threads apart
  char digits[12];
  const int length = std::snprintf(digits, sizeof(digits), "/%u", number);
  std::snprintf(text, sizeof(text), "%.*s%s", static_cast<int>(sizeof(text)) - 1 - length, name.c_str(), digits);
#if defined(__linux__)
  pthread_setname_np(pthread_self(), text);
#endif
}

/// While it lives, this thread is the worker.
class Here {
 public:
  Here(Member& member, Scheduler* face) noexcept : before_(current_worker), executor_(face) { current_worker = &member; }
  ~Here() { current_worker = before_; }
  Here(const Here&) = delete;
  Here& operator=(const Here&) = delete;

 private:
  struct AsExecutor : Executor {
    using Executor::Current;

   protected:
    ~AsExecutor() = default;
  };
  Worker* const before_;
  const AsExecutor::Current executor_;
};

}  // namespace

constinit std::atomic<unsigned> forks{0};

bool watch_forks() noexcept {
  static const int watching = pthread_atfork(nullptr, nullptr, [] {
    forks.fetch_add(1, std::memory_order_relaxed);
    current_worker = nullptr;
    in_a_gang = false;
  });
  return watching == 0;
}

Result<std::unique_ptr<Core>> Core::create(const SchedulerOptions& options, std::unique_ptr<Host> host) {
  auto core = std::make_unique<Core>(options);
  core->host = std::move(host);
  core->regular = options.threads;
  const unsigned count = options.threads + (core->host ? 0 : options.spare_threads);
  core->parked_words = (count + 63) / 64;
  core->parked = std::make_unique<std::atomic<std::uint64_t>[]>(core->parked_words);
  for (unsigned index = 0; index < count; ++index) {
    Member& member = core->members.emplace_back();
    member.idlers = &core->idlers;
    member.core = core.get();
    member.index = index;
    member.random = index * 2654435769u;
    member.is_spare = index >= core->regular;
    member.set(member.is_spare ? Doing::retired : core->host ? Doing::parked : Doing::searching);
  }
  return core;
}

Core::~Core() { stop(); }

// Called when the face is there.
Result<void> Core::start() {
  crowded = regular > available_processors();
  std::vector<memory::NumaNode> nodes;
  if (options.numa && !host) {
    ABI_TRY(nodes, memory::numa_nodes());
  }
  std::vector<Home> homes = homes_of(regular, nodes, usable_processors());
  for (std::size_t spare = regular; spare < members.size(); ++spare) homes.push_back(homes[spare % regular]);
  for (Member& member : members) {
    member.scheduler = face;
    member.processors = homes[member.index].processors;
    Victims victims = victims_of(member.index, homes);
    member.has_run.assign(members.size(), ~std::uint64_t{0});
    member.near = std::move(victims.near);
    member.far = std::move(victims.far);
  }
  active.store(regular, std::memory_order_relaxed);
  started_members.store(regular, std::memory_order_relaxed);
  if (host) {
    for (Member& member : members) parked[member.index / 64].fetch_or(std::uint64_t{1} << member.index % 64);
    idlers.word.store(regular * Idlers::one_parked, std::memory_order_seq_cst);
    return {};
  }
  idlers.word.store(regular * Idlers::one_searching, std::memory_order_seq_cst);
  const SignalsHeldBack held;
  for (unsigned index = 0; index < regular; ++index) ABI_TRY(start_thread(members[index]));
  return {};
}

Result<void> Core::start_thread(Member& member) {
  try {
    if (memory::allocation_must_fail()) throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
    member.thread = std::thread([this, &member] { thread_main(member); });
  } catch (const std::system_error& failure) {
    return error(ErrorCode::exhausted, "the system gives {} of {} threads: {}", member.index, regular, failure.what());
  }
  return {};
}

Result<void> Core::start_spare(Member& member) {
  const SignalsHeldBack held;
  return start_thread(member);
}

void Core::thread_main(Member& member) noexcept {
  name_this_thread(options.name, member.index + 1);
  bind_this_thread(member.processors);
  const Here here(member, face);
  work(member);
}

void Core::visit(Member& member) noexcept {
  const Here here(member, face);
  work(member);
}

void Core::stop() noexcept {
  {
    const std::lock_guard lock(spares);  // no thread is started from here on
    stopping.store(true, std::memory_order_seq_cst);
  }
  if (host) {
    if (!inbox.empty()) wake_one();
    host->close();
    return;
  }
  for (Member& member : members) {
    if (!member.thread.joinable()) continue;
    if (member.change(Doing::parked, Doing::claimed)) {
      leave_books_of_parked(member);
    } else if (member.change(Doing::retired, Doing::claimed)) {
      active.fetch_add(1, std::memory_order_relaxed);
      idlers.word.fetch_add(Idlers::one_searching, std::memory_order_seq_cst);
    } else {
      continue;
    }
    member.set(Doing::searching);
    futex_wake(member.doing);
  }
  for (Member& member : members)
    if (member.thread.joinable()) member.thread.join();
}

}  // namespace libabi::task::detail
