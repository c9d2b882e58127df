#include "sync/model/run.hpp"

#include "sync/model/crash.hpp"
#include "sync/model/memory.hpp"
#include "sync/model/program.hpp"

#include <abi/base/error.hpp>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

namespace libabi::sync::model {

namespace {

constinit Run* running_run = nullptr;

// Stacks are made once, and used by one run after the other.
Fiber& fiber(std::size_t thread) {
  static std::array<std::unique_ptr<Fiber>, kThreads> fibers;
  if (!fibers[thread]) fibers[thread] = std::make_unique<Fiber>();
  return *fibers[thread];
}

}  // namespace

Run& Run::current() {
  if (!running_run) std::abort();  // an atomic of the model outside of a scenario
  return *running_run;
}

Run::Run(Graph graph, Driver& driver, const Limits& limits, bool tracing)
    : graph_(std::move(graph)), driver_(driver), limits_(limits), tracing_(tracing) {
  running_run = this;
  report_crashes();
  memory::reset();
}

Run::~Run() { running_run = nullptr; }

Run::Outcome Run::execute(const Body& body) {
  Program program(*this);
  threads_[0].body = [&] { body(program); };
  start(0);
  resume(0);
  while (threads_[0].state == State::joining && !cut_ && !(replayed_ && !failure_.empty())) {
    std::size_t next = kThreads;
    if (pick_replaying(next)) {
      resume(next);
    } else if (!replayed_) {
      replayed_ = true;
      cut_ = !everything_replayed();
    } else if (pick_extending(next)) {
      permitted_ = next;
      resume(next);
    } else if (everyone(State::ended)) {
      after_threads();
      if (!failure_.empty()) break;
      resume(0);
    } else {
      judge_end();
      if (!driver_.pauses_end() || !failure_.empty() || !everyone(State::ended)) break;
    }
  }
  if (cut_) return Outcome::cut;
  if (!failure_.empty()) return Outcome::failed;
  if (threads_[0].state != State::ended) return Outcome::blocked;
  if (memory::fault()) failure_ = memory::fault();
  if (failure_.empty() && memory::live_blocks() != 0)
    failure_ = libabi::format("{} blocks of memory leak", memory::live_blocks());
  if (failure_.empty()) return Outcome::complete;
  if (tracing_) trace_ += libabi::format("  {}\n", failure_);
  return Outcome::failed;
}

/// The body knows all that its threads did.
void Run::after_threads() {
  Thread& main = threads_[0];
  for (std::size_t thread = 1; thread < thread_count_; ++thread) {
    main.current.join(threads_[thread].current);
    main.caused.join(threads_[thread].caused);
    main.current.known[thread] = static_cast<std::uint16_t>(threads_[thread].executed + 1);
  }
  joined_ = true;
  if (const auto pair = graph_.load_buffering())
    failure_ = libabi::format("nothing but RC11 keeps load {} from reading store {}, which follows from it", text(pair->first),
                              text(pair->second));
  if (tracing_ && !failure_.empty()) trace_ += libabi::format("  {}\n", failure_);
}

bool Run::everyone(State state) const noexcept {
  for (std::size_t thread = 1; thread < thread_count_; ++thread)
    if (threads_[thread].state != state) return false;
  return true;
}

/// A thread that can go on along the graph, or up to the next event that it would add.
bool Run::pick_replaying(std::size_t& thread) const {
  for (thread = 1; thread < thread_count_; ++thread) {
    const Thread& t = threads_[thread];
    if (t.state == State::fresh) return true;
    if (t.state == State::awaiting && t.awaited.index < threads_[t.awaited.thread].executed) return true;
    if (t.state == State::paused && stores_ > t.stores_seen) return true;
  }
  return false;
}

bool Run::pick_extending(std::size_t& thread) {
  std::array<std::size_t, kThreads> ready{};
  std::size_t count = 0;
  for (thread = 1; thread < thread_count_; ++thread) {
    if (threads_[thread].state != State::frontier) continue;
    if (threads_[thread].mid_update) return true;  // nothing may come between the halves of a read-modify-write
    ready[count++] = thread;
  }
  if (count == 0) return false;
  thread = driver_.next_thread(*this, std::span(ready.data(), count));
  return thread < kThreads;
}

/// Whether the graph is one that the model allows, now that all of its clocks are known.
bool Run::everything_replayed() {
  bool sequential = false;
  graph_.each([&](EventId, const Event& event) { sequential = sequential || event.sequential(); });
  if (sequential && !graph_.sequentially_consistent()) return false;
  for (std::size_t thread = 1; thread < kThreads && failure_.empty(); ++thread)
    if (threads_[thread].executed != graph_.size(thread))
      failure_ = "the scenario does something else when it is run again: it depends on more than its atomics";
  return true;
}

/// Nobody goes on by the driver's choices. What is stored becomes visible in the end, so those that wait look again, in turn, at
/// the newest of everything. It is a deadlock if that ends nobody's waiting.
void Run::judge_end() {
  constexpr unsigned most_rounds = 64;  // more than any loop of ours pauses before it does something else
  fair_ = true;
  std::array<std::size_t, kThreads> sizes{};
  for (std::size_t thread = 0; thread < kThreads; ++thread) sizes[thread] = graph_.size(thread);
  const bool tracing = std::exchange(tracing_, false);
  std::string waiting = "?";
  for (unsigned round = 0; round < most_rounds && !waiting.empty() && failure_.empty(); ++round) {
    waiting.clear();
    for (std::size_t thread = 1; thread < thread_count_ && failure_.empty(); ++thread) {
      if (threads_[thread].state != State::blocked && threads_[thread].state != State::paused) continue;
      resume(thread);
      if (threads_[thread].state == State::ended)
        round = 0;
      else
        waiting += libabi::format("{}{}", waiting.empty() ? "" : ", ", thread);
    }
  }
  fair_ = false;
  tracing_ = tracing;
  if (waiting.empty() && failure_.empty()) return;
  graph_.truncate(sizes);  // the replay comes here by itself
  if (!failure_.empty()) return;
  failure_ = libabi::format("deadlock: thread {} waits for a store that nobody is going to make", waiting);
  if (tracing_) trace_ += libabi::format("  {}\n", failure_);
}

void Run::enter_fiber(void* thread) {
  Run& run = *running_run;
  Thread& self = *static_cast<Thread*>(thread);
  memory::enter();
  try {
    self.body();
  } catch (const std::exception& exception) {
    run.fail(libabi::format("an exception leaves the thread: {}", exception.what()));
  } catch (...) {
    run.fail("an exception leaves the thread");
  }
  self.body = nullptr;
  run.yield(State::ended);
}

void Run::start(std::size_t thread) {
  fiber(thread).start(&Run::enter_fiber, &threads_[thread]);
  threads_[thread].state = State::fresh;
}

void Run::resume(std::size_t thread) {
  running_ = thread;
  threads_[thread].state = State::running;
  fiber(thread).resume();
  running_ = kThreads;
}

void Run::yield(State state) {
  const std::size_t thread = running_;
  self().state = state;
  const bool inside = memory::inside();
  memory::leave();
  fiber(thread).leave();
  if (inside) memory::enter();
}

void Run::fail(const std::string& message) {
  memory::leave();
  if (failure_.empty()) {
    failure_ = message;
    failed_thread_ = running_;
    if (tracing_) trace_ += libabi::format("  thread {}  {}\n", running_, message);
  }
  for (;;) yield(State::dead);
}

std::size_t Run::add_thread(std::function<void()> body) {
  if (thread_count_ == kThreads) fail("a scenario has at most seven threads");
  threads_[thread_count_].body = std::move(body);
  return thread_count_++;
}

void Run::join() {
  const memory::Outside outside;
  for (std::size_t thread = 1; thread < thread_count_; ++thread) {
    Thread& t = threads_[thread];
    t.current = threads_[0].current;
    t.current.known[0] = static_cast<std::uint16_t>(threads_[0].executed + 1);
    t.caused = threads_[0].caused;
    start(thread);
  }
  yield(State::joining);
}

void Run::pause() {
  const memory::Outside outside;
  Thread& t = self();
  if (running_ != 0 && t.pauses++ >= limits_.pauses) {
    t.stores_seen = stores_;
    yield(driver_.pauses_end() ? State::paused : State::blocked);
  }
}

Run::Moment Run::now() const { return {running_, threads_[running_].executed, threads_[running_].current, joined_}; }

}  // namespace libabi::sync::model
