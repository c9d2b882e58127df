#include "countdown.hpp"
#include "fork_join_stack.hpp"
#include "scheduler/core.hpp"

#include <abi/task/fork_join.hpp>
#include <abi/task/scheduler.hpp>

#include <optional>

namespace libabi::task::detail {

namespace {

// The thread that waits must not keep a processor from the workers.
constexpr Patience kPatience{.spin = std::chrono::microseconds(3)};

// Fork-join tasks run on this thread while it lives: as those of its worker, or of one of its own where it is none, from whom
// nobody steals. Where tasks run here already, natively below, these have a stack of their own.
class Entry {
 public:
  explicit Entry(const ForkRegion* region) noexcept : before_(fork_thread) {
    ForkThread& thread = fork_thread;
    thread.worker = Worker::current();
    if (!thread.worker) {
      thread.worker = &alone_.emplace();
      alone_->idlers = &nobody_idle;
    }
    if (before_.running) thread.top = nowhere;
    thread.region = region;
    thread.running = true;
  }
  ~Entry() {
    const std::uintptr_t top = fork_thread.top;
    if (before_.running && current_stack()) put_stack();
    fork_thread = before_;
    if (!before_.running) fork_thread.top = top;
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  static constinit const Idlers nobody_idle;
  ForkThread before_;
  std::optional<Worker> alone_;
};

constinit const Idlers Entry::nobody_idle{};

}  // namespace

void resume_stolen(Job& job) noexcept {
  ForkFrame& task = ForkFrame::of(job);
  const Entry entry(stack_of(task).region);
  if (ForkStack* const mine = current_stack())
    mine->region = fork_thread.region;
  else
    take_stack();
  ++task.steals;
  drive(task.handle());
}

ForkRoot::ForkRoot(Ended ended) noexcept : ended_(ended) {
  run = [](Job& self) noexcept { static_cast<ForkRoot&>(self).start(); };
}

ForkRoot::~ForkRoot() {
  delete error_;
  if (!task_) return;
  // It never began.
  const std::uintptr_t top = fork_thread.top;
  fork_thread.top = stack_of(*task_).top;
  discard(*task_);
  put_stack();
  fork_thread.top = top;
}

ForkRoot::Making::Making(ForkRoot& of) noexcept : of_(of), top_before_(fork_thread.top) { take_stack(); }

ForkRoot::Making::~Making() {
  if (of_.task_) {
    ForkStack& stack = stack_of(*of_.task_);
    stack.top = fork_thread.top;
    stack.region = &of_.region_;
    of_.task_->up = reinterpret_cast<std::uintptr_t>(static_cast<ForkRoot*>(&of_)) | root;
  } else {
    put_stack();
  }
  fork_thread.top = top_before_;
}

void ForkRoot::stop_with(const StopToken& token, const Context* context) noexcept {
  region_.context = context;
  if (token.stop_possible()) on_stop_.emplace(token, Stop{&region_});
}

void ForkRoot::start() noexcept {
  const Entry entry(&region_);
  ForkFrame& task = *std::exchange(task_, nullptr);
  go_over_to(stack_of(task));
  drive(task.handle());
}

void ForkRoot::run_on(Executor& executor) noexcept {
  Countdown running(1);
  waiting_ = &running;
  ended_ = [](ForkRoot& self) noexcept { static_cast<Countdown*>(self.waiting_)->down(); };
  // All workers may be members of a gang that waits for this thread, so that nobody would come.
  if (Executor::current() != &executor && !in_a_gang) {
    executor.submit(*this);
    return running.await(kPatience);
  }
  start();
  if (running.over()) return;
  const BlockingScope blocking;
  running.await(kPatience);
}

void ForkRoot::end(bool failure, Error* error) noexcept {
  failed_ = failure;
  error_ = error;
  ended_(*this);
}

Error ForkRoot::take_error() noexcept { return error_of(std::exchange(error_, nullptr)); }

}  // namespace libabi::task::detail
