// How the threads of a scheduler begin and end.
#include "core.hpp"
#include "futex.hpp"
#include "homes.hpp"
#include "processors.hpp"

#include <abi/task/own_thread.hpp>
#include <abi/task/processors.hpp>

#include <string>
#include <system_error>
#include <utility>

#include <pthread.h>

namespace libabi::task::detail {

namespace {

// The number is what tells threads apart: it stays whole where the system cuts the name.
std::string name_of_thread(const std::string& name, unsigned number) {
  constexpr std::size_t most = 15;
  const std::string digits = std::to_string(number);
  std::string whole = name.substr(0, most - 1 - digits.size());
  whole.append(1, '/').append(digits);
  return whole;
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

Result<std::unique_ptr<Core>> Core::create(const SchedulerOptions& options, std::unique_ptr<Host> host,
                                           const Clock* source_of_time) {
  auto core = std::make_unique<Core>(options, source_of_time);
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
  for (unsigned index = 0; index < regular; ++index) ABI_TRY(start_thread(members[index]));
  return {};
}

Result<void> Core::start_thread(Member& member) {
  const std::error_code refused =
      start_own_thread(member.thread, name_of_thread(options.name, member.index + 1), [this, &member] { thread_main(member); });
  if (refused)
    return error(ErrorCode::exhausted, "the system gives {} of {} threads: {}", member.index, regular, refused.message());
  return {};
}

void Core::thread_main(Member& member) noexcept {
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
