#pragma once
/// Where ready work goes. Everything above (tasks, channels, timers, files) hands work to an Executor and knows no more: a
/// Scheduler is one, and so are a host's event loop and the deterministic one that tests and the simulator drive by hand.

#include <abi/base/api.hpp>

#include <cstdint>

namespace libabi::task {

enum class Priority : std::uint8_t { high, normal, low };

/// Something to be run once. Intrusive: whoever submits it keeps it alive until `run` is called, and may destroy or submit it
/// again from then on (from within `run` too). Costs no allocation.
struct Job {
  using Run = void (*)(Job& self) noexcept;
  Run run = nullptr;
  Job* next = nullptr;  ///< the executor's, while the job is queued
  Priority priority = Priority::normal;
};

/// Thread-safe. Outlives the jobs that were submitted to it.
class ABI_API Executor {
 public:
  /// Takes the job, always: there is no queue that could be full, since the job is its own place in it. `run` is called later,
  /// on a thread of the executor, never inside submit().
  virtual void submit(Job& job) noexcept = 0;

  /// The executor whose job this thread runs now; null on any other thread.
  static Executor* current() noexcept;

 protected:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor() = default;

  /// For executors: while it lives, current() of this thread is the given one.
  class ABI_API Current {
   public:
    explicit Current(Executor* executor) noexcept;
    ~Current();
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

   private:
    Executor* before_;
  };
};

}  // namespace libabi::task
