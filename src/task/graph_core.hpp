#pragma once
/// A graph as it is run: see <abi/task/graph.hpp>.

#include <abi/sync/work_stealing_deque.hpp>
#include <abi/task/graph.hpp>
#include <abi/task/scheduler.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace libabi::task::detail {

/// A node where it is run. The successors of the nodes follow each other, up to those of the node after the last.
struct GraphTask {
  NodeCall::Call call;
  alignas(8) std::byte function[NodeCall::inline_bytes];
  std::uint32_t first_successor;
  std::uint32_t degree;  // predecessors, counted by edge
};
static_assert(sizeof(GraphTask) == 32);

inline constexpr std::size_t graph_levels = 3;  // of priority

/// What one thread at a time has of a run.
struct alignas(64) GraphSlot : Job {
  using Ready = sync::WorkStealingDeque<GraphTask*>;
  GraphCore* core = nullptr;
  std::size_t index = 0;
  std::array<std::optional<Ready>, graph_levels> ready;  // by urgency; only the first where all tasks are equal
  std::atomic<bool> queued{false};                       // as a job of the scheduler, or running
};

/// Lives as long as the Graph does, or a job of it that the scheduler has not run yet.
struct GraphCore {
  // Fixed when it is built.
  std::vector<GraphTask> tasks;  // in an order in which they may run; one more at the end
  std::vector<std::uint32_t> successors;
  std::vector<std::uint8_t> levels;                          // of the tasks; empty where there is one
  std::vector<std::uint32_t> sources;                        // tasks without predecessors, in order
  std::vector<std::pair<std::uint32_t, std::string>> names;  // of the tasks that have one, by task
  std::vector<OwnedFunction> owned;

  std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(tasks.size() - 1); }

  // What each task waits for still, between runs for all.
  std::unique_ptr<std::atomic<std::uint32_t>[]> waiting;

  // Of a run. The control word: whether one is on, and how many threads are inside.
  static constexpr std::uint32_t on = std::uint32_t{1} << 31;
  alignas(64) std::atomic<std::uint32_t> flags{0};
  static constexpr std::uint32_t stopped = 1;     // no further task is called
  static constexpr std::uint32_t shared = 2;      // the tasks are not the first thread's alone any more
  static constexpr std::uint32_t begun = 4;       // the first thread is there
  std::vector<std::unique_ptr<GraphSlot>> slots;  // the first thread's, and one for each worker
  Executor* executor = nullptr;
  GraphEnd* end = nullptr;
  Priority priority = Priority::normal;
  struct Stop {
    GraphCore* core;
    void operator()() const noexcept { core->flags.fetch_or(stopped, std::memory_order_relaxed); }
  };
  std::optional<std::stop_callback<Stop>> on_stop;
  std::atomic<bool> taken{false};  // from begin() to the result
  // While the first thread runs all tasks by itself: the one that it runs, or is about to. Then where that ended.
  alignas(64) std::atomic<std::uint32_t> reached{0};
  alignas(64) std::atomic<std::uint32_t> border{0};
  static constexpr std::uint32_t undecided = ~std::uint32_t{0};
  alignas(64) std::atomic<std::uint32_t> control{0};
  std::atomic<std::uint32_t> idle{0};     // slots that are not queued
  std::atomic<std::uint32_t> through{0};  // tasks
  std::atomic<bool> skipped{false};
  std::atomic<Error*> failure{nullptr};
  std::atomic<std::uint32_t> references{1};

  /// The graph is gone, and the functions with it.
  void close() noexcept;
  void release() noexcept;
  Result<void> make_slots(unsigned threads);
  Result<void> begin(Scheduler& scheduler, const GraphRunOptions& options, GraphEnd& ending);
  /// The first slot begins with the sources, here; as a job.
  void start() noexcept;
  void submit_start() noexcept;
  Result<void> take_result() noexcept;

 private:
  bool enter() noexcept;
  void leave() noexcept;
  void help(GraphSlot& slot) noexcept;
  void work(GraphSlot& slot, GraphTask* task, std::uint32_t done) noexcept;
  void begin_alone(GraphSlot& slot) noexcept;
  void join_in(GraphSlot& slot, std::uint32_t next) noexcept;
  bool watch() noexcept;
  void take_over(GraphSlot& slot) noexcept;
  void count_through(std::uint32_t done) noexcept;
  GraphTask* run_task(GraphTask& task, GraphSlot& slot) noexcept;
  GraphTask* follow(const GraphTask& task, GraphSlot& slot) noexcept;
  GraphTask* pop(GraphSlot& slot) noexcept;
  GraphTask* steal(GraphSlot& slot) noexcept;
  GraphTask* steal_patiently(GraphSlot& slot) noexcept;
  void push(GraphTask& task, GraphSlot& slot) noexcept;
  bool arrive(std::uint32_t task) noexcept;
  void call(GraphTask& task) noexcept;
  void fail(const GraphTask& task, Error* error) noexcept;
  void engage() noexcept;

  std::uint32_t number(const GraphTask& task) const noexcept { return static_cast<std::uint32_t>(&task - tasks.data()); }
};

}  // namespace libabi::task::detail
