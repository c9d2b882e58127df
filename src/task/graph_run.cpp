// The life of a run. GraphCore::begin() takes the graph, and the first thread runs the tasks as an array while another one, if
// there is one that has nothing else to do, watches. Where the tasks take their time the watcher counts the arrivals that were
// left out, and from then on tasks are pushed and stolen, and more threads engaged. The last to leave after the last task ends
// the run.
#include "graph_core.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace libabi::task {

namespace detail {

namespace {

// How often a slot without work looks round before it leaves: some ten microseconds.
constexpr int kLooks = 1000;
// A task that takes longer than this, divided by the number of threads, is worth being shared: counters and deques cost 4 to 20
// ns a task, and what one thread touches in order others do not find in their caches.
constexpr std::chrono::nanoseconds kSharingCost{80};
constexpr std::chrono::nanoseconds kWatchWindow{2000};
constexpr int kSlowWindows = 4;  // in succession: an interrupt takes some microseconds

// Stands for an error that there was no memory for.
constinit char no_memory_for_it = 0;
Error* no_memory_for_error() noexcept { return reinterpret_cast<Error*>(&no_memory_for_it); }

}  // namespace

Error* new_node_error(Error&& error) noexcept {
  Error* const made = new (std::nothrow) Error(std::move(error));
  return made ? made : no_memory_for_error();
}

// One for the first thread, and one for each worker: the first thread, too, comes back as one of these if it had nothing to do
// and left. The deques have room for all tasks, and take it now: nothing is allocated in a run.
Result<void> GraphCore::make_slots(unsigned threads) {
  while (slots.size() < (threads == 1 ? 1 : threads + 1)) {
    auto slot = std::make_unique<GraphSlot>();
    slot->core = this;
    slot->index = slots.size();
    slot->run = [](Job& self) noexcept {
      auto& own = static_cast<GraphSlot&>(self);
      own.core->help(own);
    };
    for (std::size_t level = 0; level < (levels.empty() ? 1 : graph_levels); ++level) {
      GraphSlot::Ready& ready = slot->ready[level].emplace(std::size_t{count()} + 1);
      if (!ready.push(tasks.data()))
        return error(ErrorCode::exhausted, "there is no memory for a run of {} nodes on {} threads", count(), threads);
      ready.pop();
    }
    slots.push_back(std::move(slot));
    if (slots.size() > 1) idle.fetch_add(1, std::memory_order_relaxed);
  }
  return {};
}

Result<void> GraphCore::begin(Scheduler& scheduler, const GraphRunOptions& options, GraphEnd& ending) {
  if (taken.exchange(true, std::memory_order_acquire))
    return error(ErrorCode::failed_precondition, "the graph of {} nodes is running already", count());
  Result<void> made = boundary([&] { return make_slots(scheduler.threads()); });
  if (!made) {
    taken.store(false, std::memory_order_release);
    return made;
  }
  executor = &scheduler;
  end = &ending;
  priority = options.priority;
  flags.store(0, std::memory_order_relaxed);
  reached.store(undecided, std::memory_order_relaxed);
  border.store(undecided, std::memory_order_relaxed);
  skipped.store(false, std::memory_order_relaxed);
  through.store(0, std::memory_order_relaxed);
  if (options.stop.stop_possible()) on_stop.emplace(options.stop, Stop{this});
  // release: a job of an earlier run that comes now sees all of this one.
  control.store(on | 1, std::memory_order_release);
  return {};
}

Result<void> GraphCore::take_result() noexcept {
  on_stop.reset();
  Error* const error = failure.exchange(nullptr, std::memory_order_relaxed);
  const bool incomplete = skipped.load(std::memory_order_relaxed);
  taken.store(false, std::memory_order_release);
  if (error == no_memory_for_error()) return std::unexpected(Error{ErrorCode::exhausted, "out of memory", {}});
  if (error) {
    const std::unique_ptr<Error> mine(error);
    return std::unexpected(std::move(*mine));
  }
  if (incomplete) return std::unexpected(Error{ErrorCode::cancelled, "was cancelled", {}});
  return {};
}

bool GraphCore::enter() noexcept {
  std::uint32_t now = control.load(std::memory_order_relaxed);
  while ((now & on) != 0)
    if (control.compare_exchange_weak(now, now + 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
  return false;
}

void GraphCore::leave() noexcept {
  // acq_rel: the end of the run sees all that was done in it.
  if (control.fetch_sub(1, std::memory_order_acq_rel) == 1) end->call(*end);
}

void GraphCore::help(GraphSlot& slot) noexcept {
  if (slot.index == 0) {
    start();
  } else {
    const bool inside = enter();
    // A job of an earlier run may come before the first thread of this one has begun.
    const bool early = inside && (flags.load(std::memory_order_relaxed) & begun) == 0;
    if (inside && !early) {
      if (watch()) take_over(slot);
      work(slot, nullptr, 0);
    }
    // seq_cst: either the first thread finds this slot, or it is seen here that it has looked for one (see start()).
    slot.queued.store(false, std::memory_order_seq_cst);
    idle.fetch_add(1, std::memory_order_relaxed);
    if (early) {
      if ((flags.load(std::memory_order_seq_cst) & begun) != 0) engage();
      leave();
    }
  }
  release();
}

// One more slot becomes a job, if there is one that is not.
void GraphCore::engage() noexcept {
  for (std::size_t index = 1; index < slots.size(); ++index) {
    GraphSlot& slot = *slots[index];
    // seq_cst: see help(). acquire: the deque is the next one's.
    if (slot.queued.load(std::memory_order_seq_cst) || slot.queued.exchange(true, std::memory_order_acquire)) continue;
    idle.fetch_sub(1, std::memory_order_relaxed);
    references.fetch_add(1, std::memory_order_relaxed);
    slot.priority = priority;
    executor->submit(slot);
    return;
  }
}

void GraphCore::submit_start() noexcept {
  references.fetch_add(1, std::memory_order_relaxed);
  slots.front()->priority = priority;
  executor->submit(*slots.front());
}

void GraphCore::start() noexcept {
  flags.fetch_or(begun, std::memory_order_seq_cst);
  if (slots.size() > 1 && count() > 1) engage();
  begin_alone(*slots.front());
}

// The tasks stand in an order in which they may run, so that one thread needs neither counters nor deques: 1.5 ns a task. It
// goes on like that until a watcher finds it slow.
void GraphCore::begin_alone(GraphSlot& slot) noexcept {
  for (std::uint32_t next = 0;; ++next) {
    // release: what the tasks wrote. A light fence: the load of the flags does not pass this store (see take_over()).
    reached.store(next, std::memory_order_release);
    sync::light_fence();
    if ((flags.load(std::memory_order_relaxed) & shared) != 0) [[unlikely]]
      return join_in(slot, next);
    if (next == count()) break;
    call(tasks[next]);
  }
  count_through(count());
  leave();
}

// The watcher has taken over when this thread was about to run `next`, or when it ran the one before.
void GraphCore::join_in(GraphSlot& slot, std::uint32_t next) noexcept {
  std::uint32_t mine = undecided;
  for (int look = 0; (mine = border.load(std::memory_order_acquire)) == undecided; ++look)
    look < kLooks ? sync::spin_pause() : std::this_thread::yield();
  GraphTask* ready = nullptr;
  if (mine == next)
    ready = next == count() ? nullptr : &tasks[next];
  else
    ready = follow(tasks[mine], slot);
  work(slot, ready, next);
}

// Stays while the first thread is fast; true: it is not, and there is more for it to do.
bool GraphCore::watch() noexcept {
  using Clock = std::chrono::steady_clock;
  const std::chrono::nanoseconds slow = kSharingCost / static_cast<int>(slots.size() - 1);
  std::uint32_t before = reached.load(std::memory_order_relaxed);
  Clock::time_point since = Clock::now();
  for (int slow_windows = 0; (control.load(std::memory_order_relaxed) & on) != 0;) {
    if ((flags.load(std::memory_order_relaxed) & shared) != 0) return false;
    for (int pause = 0; pause < 32; ++pause) sync::spin_pause();
    const auto passed = Clock::now() - since;
    if (passed < kWatchWindow) continue;
    const std::uint32_t now = reached.load(std::memory_order_relaxed);
    // Where it was undecided the first thread was not at its tasks yet: to wake this one takes longer than a window.
    slow_windows = before != undecided && passed > slow * (now - before) ? slow_windows + 1 : 0;
    if (slow_windows == kSlowWindows) return true;
    before = now;
    since = Clock::now();
  }
  return false;
}

// The tasks before the border are through, the one at the border is the first thread's, all others are everybody's.
void GraphCore::take_over(GraphSlot& slot) noexcept {
  if ((flags.fetch_or(shared, std::memory_order_relaxed) & shared) != 0) return;
  // Either the first thread saw the flag before it ran the task that is read here, or it runs that one or is through with it and
  // will see the flag before the next.
  sync::heavy_fence();
  const std::uint32_t mine = reached.load(std::memory_order_acquire);
  border.store(mine, std::memory_order_release);
  for (std::uint32_t task = 0; task < mine; ++task)
    for (std::uint32_t index = tasks[task].first_successor; index != tasks[task + 1].first_successor; ++index)
      if (successors[index] > mine && arrive(successors[index])) push(tasks[successors[index]], slot);
  for (const std::uint32_t source : sources)
    if (source > mine) push(tasks[source], slot);
}

void GraphCore::count_through(std::uint32_t done) noexcept {
  if (done != 0 && through.fetch_add(done, std::memory_order_relaxed) + done == count())
    control.fetch_and(~on, std::memory_order_relaxed);
}

// Runs the task and whatever this thread finds then; `done` are through already and not counted yet.
void GraphCore::work(GraphSlot& slot, GraphTask* task, std::uint32_t done) noexcept {
  for (;;) {
    if (!task) task = pop(slot);
    for (; task; ++done) {
      GraphTask* const ready = run_task(*task, slot);
      task = ready ? ready : pop(slot);
    }
    count_through(std::exchange(done, 0));
    task = steal_patiently(slot);
    if (!task) return leave();
  }
}

// What is to run next, if it is a successor.
inline GraphTask* GraphCore::run_task(GraphTask& task, GraphSlot& slot) noexcept {
  call(task);
  // All that precede it have arrived: it waits for as many in the next run.
  if (task.degree > 1) waiting[number(task)].store(task.degree, std::memory_order_relaxed);
  return follow(task, slot);
}

// The task is through.
inline GraphTask* GraphCore::follow(const GraphTask& task, GraphSlot& slot) noexcept {
  GraphTask* next = nullptr;
  const std::uint32_t last = (&task)[1].first_successor;
  for (std::uint32_t at = task.first_successor; at != last; ++at) {
    if (!arrive(successors[at])) continue;
    GraphTask& ready = tasks[successors[at]];
    if (next || !levels.empty())
      push(ready, slot);
    else
      next = &ready;
  }
  return next;
}

// Whether the task waits for nothing more.
inline bool GraphCore::arrive(std::uint32_t task) noexcept {
  std::atomic<std::uint32_t>& left = waiting[task];
  // acquire: what runs now sees what all that precede it wrote. Where one is left it is ours, and nobody else looks here.
  if (left.load(std::memory_order_acquire) == 1) return true;
  return left.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

inline void GraphCore::call(GraphTask& task) noexcept {
  if ((flags.load(std::memory_order_relaxed) & stopped) != 0) [[unlikely]]
    return skipped.store(true, std::memory_order_relaxed);
  if (Error* const error = task.call(task.function)) [[unlikely]]
    fail(task, error);
}

void GraphCore::fail(const GraphTask& task, Error* error) noexcept {
  if (error != no_memory_for_error()) {
    const auto name = std::ranges::lower_bound(names, number(task), {}, &std::pair<std::uint32_t, std::string>::first);
    if (name != names.end() && name->first == number(task))
      static_cast<void>(boundary([&]() -> Result<void> {
        *error = within(name->second, std::move(*error)).error();
        return {};
      }));
  }
  Error* none = nullptr;
  if (!failure.compare_exchange_strong(none, error, std::memory_order_release, std::memory_order_relaxed) &&
      error != no_memory_for_error())
    delete error;
  flags.fetch_or(stopped, std::memory_order_relaxed);
}

inline void GraphCore::push(GraphTask& task, GraphSlot& slot) noexcept {
  const std::size_t level = levels.empty() ? 0 : levels[number(task)];
  // It has room for all tasks.
  static_cast<void>(slot.ready[level]->push(&task));
  if (idle.load(std::memory_order_relaxed) != 0) [[unlikely]]
    engage();
}

inline GraphTask* GraphCore::pop(GraphSlot& slot) noexcept {
  if (levels.empty()) return slot.ready[0]->pop();
  for (auto& ready : slot.ready)
    if (GraphTask* const task = ready->pop()) return task;
  return nullptr;
}

GraphTask* GraphCore::steal(GraphSlot& slot) noexcept {
  for (std::size_t level = 0; level < (levels.empty() ? 1 : graph_levels); ++level)
    for (const std::unique_ptr<GraphSlot>& other : slots)
      if (other.get() != &slot)
        if (GraphTask* const task = other->ready[level]->steal()) return task;
  return nullptr;
}

GraphTask* GraphCore::steal_patiently(GraphSlot& slot) noexcept {
  for (int look = 0; look < kLooks && (control.load(std::memory_order_relaxed) & on) != 0; ++look) {
    if (GraphTask* const task = steal(slot)) return task;
    sync::spin_pause();
  }
  return nullptr;
}

}  // namespace detail

}  // namespace libabi::task
