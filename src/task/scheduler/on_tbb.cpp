// Workers whose threads are a oneTBB arena's. The only file that sees oneTBB; on_tbb_stub.cpp stands in for it.
#include "core.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>
#include <thread>
#include <utility>

#include <oneapi/tbb/task_arena.h>

namespace libabi::task {

namespace {

using tbb::task_arena;

// How many threads are a worker now or on their way to be one. Outlives the scheduler where the last of them has still to leave.
struct Visits {
  std::atomic<unsigned> count{0};

  void end() noexcept {
    if (count.fetch_sub(1, std::memory_order_acq_rel) == 1) count.notify_all();
  }
  void await_none() noexcept {
    for (unsigned now = count.load(std::memory_order_acquire); now != 0; now = count.load(std::memory_order_acquire))
      count.wait(now);
  }
};

class Arena final : public detail::Host {
 public:
  /// Null: the arena of this thread.
  explicit Arena(task_arena* given) : own_(task_arena::attach()), arena_(given ? given : &own_) {
    if (given) given->initialize();
  }

  unsigned concurrency() const { return static_cast<unsigned>(std::max(1, arena_->max_concurrency())); }

  // A worker that is sent for must come. Where there is no memory for the task now, there will be some later.
  void send_for(detail::Member& member) noexcept override {
    visits_->count.fetch_add(1, std::memory_order_relaxed);
    for (;;) {
      try {
        arena_->enqueue([visits = visits_, &member] {
          member.core->visit(member);
          visits->end();
        });
        return;
      } catch (...) {
        std::this_thread::yield();
      }
    }
  }

  void close() noexcept override { visits_->await_none(); }

 private:
  task_arena own_;
  task_arena* arena_;
  std::shared_ptr<Visits> visits_ = std::make_shared<Visits>();
};

}  // namespace

Result<std::unique_ptr<Scheduler>> Scheduler::on_tbb(void* arena, const SchedulerOptions& options) {
  return boundary([&]() -> Result<std::unique_ptr<Scheduler>> {
    if (options.threads > max_threads)
      return error(ErrorCode::invalid_argument, "{} threads are asked for, a scheduler has at most {}", options.threads,
                   max_threads);
    auto host = std::make_unique<Arena>(static_cast<task_arena*>(arena));
    SchedulerOptions here = options;
    here.threads = std::min(options.threads == 0 ? max_threads : options.threads, host->concurrency());
    return detail::make_scheduler(here, std::move(host));
  });
}

}  // namespace libabi::task
