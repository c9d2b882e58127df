#pragma once
/// An executor that runs a job when it is told to, on the thread that tells it: for tests and simulators, whose runs must be the
/// same each time.
///
///     ManualExecutor executor;                 // by priority, and in the order of submission within one
///     ManualExecutor executor(seed);           // in an order that only the seed decides
///     start(executor, serve(requests), ...);
///     executor.run_all();                      // until nobody has anything to do
///
/// Guarantees. No thread, no allocation. Two runs with the same submissions and the same seed are the same, on every machine.
/// With a seed any waiting job may be the next, whatever its priority: an order that some scheduler could have chosen. A job that
/// is submitted by a job that runs waits for its own turn. submit() and waiting() are thread-safe; one thread at a time runs
/// jobs, and a job may run others (run_one() may be nested). Jobs that still wait when the executor ends are dropped: they are
/// never run.
///
/// Cost. A few nanoseconds a job; with a seed, one step for every two jobs that wait.

#include <abi/task/executor.hpp>

#include <cstddef>
#include <limits>
#include <mutex>

namespace libabi::task {

class ABI_API ManualExecutor final : public Executor {
 public:
  ManualExecutor() noexcept = default;
  explicit ManualExecutor(std::uint64_t seed) noexcept : random_(seed), is_random_(true) {}

  void submit(Job& job) noexcept override;

  /// Runs the next job; false where none waits.
  bool run_one() noexcept;
  /// Runs jobs, those that they submit too, until none waits or `most` have been run; how many were.
  std::size_t run_all(std::size_t most = std::numeric_limits<std::size_t>::max()) noexcept;

  /// Jobs that wait.
  std::size_t waiting() const noexcept;

 private:
  struct List {
    Job* first = nullptr;
    Job* last = nullptr;
  };

  Job* take() noexcept;
  std::uint64_t random() noexcept;

  mutable std::mutex mutex_;
  List lists_[3];  // by priority; with a seed only the first
  std::size_t waiting_ = 0;
  std::uint64_t random_ = 0;
  bool is_random_ = false;
};

}  // namespace libabi::task
