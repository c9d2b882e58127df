#pragma once
/// What the tests of coroutines have in common: executors that are driven by hand and that have a thread, and things that count.

#include <abi/task/sync_wait.hpp>

#include <coroutine>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace libabi::task::test {

/// Counts the living, to see what is destroyed when.
struct Tracked {
  explicit Tracked(int& count) : alive(&count) { ++*alive; }
  Tracked(Tracked&& other) noexcept : alive(std::exchange(other.alive, nullptr)) {}
  Tracked& operator=(Tracked&&) = delete;
  ~Tracked() {
    if (alive) --*alive;
  }
  int* alive;
};

/// Keeps jobs until they are run by hand, in order.
class Queue final : public Executor {
 public:
  void submit(Job& job) noexcept override {
    job.next = nullptr;
    (last_ ? last_->next : first_) = &job;
    last_ = &job;
    ++submitted;
    priorities.push_back(job.priority);
  }
  bool run_one() {
    if (!first_) return false;
    const Current current(this);
    Job* const job = std::exchange(first_, first_->next);
    if (!first_) last_ = nullptr;
    job->run(*job);
    return true;
  }
  void run_all() {
    while (run_one()) {
    }
  }
  bool empty() const { return !first_; }
  int submitted = 0;
  std::vector<Priority> priorities;

 private:
  Job* first_ = nullptr;
  Job* last_ = nullptr;
};

/// One thread that runs jobs until it is destroyed.
class Worker {
 public:
  Worker() : thread_([this] { loop_.run(); }) {}
  ~Worker() {
    struct Stop : Job {
      detail::CallerLoop* loop;
    } stop;
    stop.loop = &loop_;
    stop.run = [](Job& self) noexcept { static_cast<Stop&>(self).loop->finish(); };
    loop_.submit(stop);
    thread_.join();
  }
  Executor& executor() { return loop_; }
  std::thread::id id() const { return thread_.get_id(); }

 private:
  detail::CallerLoop loop_;
  std::thread thread_;
};

/// A door that opens once, with the protocol of context.hpp as it is written there.
class Gate {
 public:
  class Wait;
  /// A Result<void>: open, or stopped.
  Wait wait() noexcept;
  void open() noexcept;
  bool awaited() const noexcept {
    const std::lock_guard lock(mutex_);
    return waiting_ != nullptr;
  }

 private:
  mutable std::mutex mutex_;
  Wait* waiting_ = nullptr;
  bool open_ = false;
};

class Gate::Wait {
 public:
  using FollowsContext = void;
  explicit Wait(Gate& gate) noexcept : gate_(&gate) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    waiter_.bind(waiting);
    if (waiter_.context().stop.stop_possible()) on_stop_.emplace(waiter_.context().stop, OnStop{this});
    const std::lock_guard lock(gate_->mutex_);
    if (state_ == State::stopped || gate_->open_) return false;
    state_ = State::queued;
    gate_->waiting_ = this;
    return true;
  }
  Result<void> await_resume() noexcept {
    on_stop_.reset();
    if (state_ == State::stopped) return waiter_.context().stop_error();
    return {};
  }

 private:
  friend class Gate;
  enum class State { fresh, queued, passed, stopped };
  struct OnStop {
    Wait* wait;
    void operator()() const noexcept { wait->stop(); }
  };
  void stop() noexcept {
    {
      const std::lock_guard lock(gate_->mutex_);
      if (state_ == State::passed) return;
      if (std::exchange(state_, State::stopped) == State::fresh) return;
      gate_->waiting_ = nullptr;
    }
    waiter_.release();
  }

  Gate* gate_;
  State state_ = State::fresh;
  Waiter waiter_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
};

inline Gate::Wait Gate::wait() noexcept { return Wait(*this); }

inline void Gate::open() noexcept {
  Wait* waiting;
  {
    const std::lock_guard lock(mutex_);
    open_ = true;
    waiting = std::exchange(waiting_, nullptr);
    if (waiting) waiting->state_ = Wait::State::passed;
  }
  if (waiting) waiting->waiter_.release();
}

}  // namespace libabi::task::test
