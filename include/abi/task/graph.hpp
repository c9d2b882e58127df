#pragma once
/// Work whose order is known before: a graph of functions, built and checked once and run many times.
///
///     GraphBuilder builder;
///     const auto load = builder.add("load", [&] { return file.read(bytes); });    // void, or a Result<void>
///     const auto left = builder.add("left", [&] { halves[0] = parse(bytes, 0); });
///     const auto right = builder.add("right", [&] { halves[1] = parse(bytes, 1); });
///     builder.precede(load, left);
///     builder.precede(load, right);
///     ABI_TRY(Graph graph, builder.build());
///     for (;;) ABI_TRY(graph.run(scheduler));                                     // from ordinary code, or in a job
///     for (;;) ABI_CO_TRY(co_await graph.async_run(scheduler));                   // in a Task
///
/// ## What is promised
/// In a run each node runs once, after all that precede it, and sees what they wrote; nodes without an order between them may run
/// at the same time. The run is over when all are through. One run at a time: another one is `failed_precondition`. A node may
/// run other graphs. Building is one thread's; run() and async_run() are called by any. A Graph is not destroyed while it runs;
/// the scheduler may be destroyed before the graph and after.
///
/// A worker that could run several nodes takes the most urgent one (NodeOptions::priority), and among equals the one whose
/// predecessor it has just run, so that what that one wrote is still near.
///
/// ## Errors
/// build(): `invalid_argument` for a cycle, whose nodes it names, `exhausted`. run(): the first failure of a node, an error that
/// it returned or an exception, with the name of the node as its context; nodes that have not begun by then do not run any more.
/// The same where a stop is requested: `cancelled`. The graph can be run again after either.
///
/// ## How, and what it costs
/// The nodes are laid out in an order in which one thread would run them, each of 32 bytes with its function (if that is trivial
/// and no larger than two pointers; others stand by themselves), their successors in one array of numbers in the same order, and
/// what each still waits for in another. A run begins on one thread, as an array: about 2 ns a node. If a worker has nothing else
/// to do it watches meanwhile, and where the nodes take longer for some 8 us than sharing them would cost (80 ns, divided by the
/// number of threads) it takes over what is left: from then on every thread has a deque, what a node makes ready is run next, the
/// rest is pushed, and idle workers steal it. Of the arrivals at a node all but the last cost an atomic subtraction
/// then, and who runs it makes it ready for the next run. Nothing is allocated in a run, but for the deques in the first.

#include <abi/base/boundary.hpp>
#include <abi/base/error.hpp>
#include <abi/task/context.hpp>
#include <abi/task/executor.hpp>
#include <abi/task/stop.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace libabi::task {

class Scheduler;

namespace detail {

struct GraphCore;

/// A function of a node: an error, or null. Trivial to copy.
struct alignas(8) NodeCall {
  static constexpr std::size_t inline_bytes = 16;
  using Call = Error* (*)(void* function) noexcept;
  Call call;
  alignas(8) std::byte function[inline_bytes];
};

/// A function that stands by itself, to be destroyed with the graph.
struct OwnedFunction {
  void* function = nullptr;
  void (*destroy)(void* function) noexcept = nullptr;
};

/// Never null.
ABI_API Error* new_node_error(Error&& error) noexcept;

template <class Function>
Error* call_node(Function& function) noexcept {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Function&>>) {
      function();
    } else {
      Result<void> result = function();
      if (!result) return new_node_error(std::move(result).error());
    }
  } catch (...) {
    return new_node_error(libabi::detail::current_exception_error());
  }
  return nullptr;
}

/// How a graph says that a run is over.
struct GraphEnd {
  void (*call)(GraphEnd& self) noexcept;
};

}  // namespace detail

/// A node of the builder that made it.
class GraphNode {
 public:
  std::uint32_t index() const noexcept { return index_; }

 private:
  friend class GraphBuilder;
  explicit GraphNode(std::uint32_t index) noexcept : index_(index) {}
  std::uint32_t index_;
};

template <class Function>
concept NodeFunction = std::invocable<Function&> && (std::is_void_v<std::invoke_result_t<Function&>> ||
                                                     std::convertible_to<std::invoke_result_t<Function&>, Result<void>>);

struct GraphRunOptions {
  StopToken stop;
  Priority priority = Priority::normal;  ///< of the jobs that the scheduler sees
};

/// Movable; an empty one is over at once.
class ABI_API Graph {
 public:
  class AsyncRun;

  Graph() noexcept;
  Graph(Graph&& other) noexcept;
  Graph& operator=(Graph&& other) noexcept;
  ~Graph();

  std::size_t nodes() const noexcept;

  /// Runs all nodes on the scheduler and waits. In a job of that scheduler the calling thread takes part.
  Result<void> run(Scheduler& scheduler, const GraphRunOptions& options = {}) noexcept;
  /// `co_await graph.async_run(scheduler)`: the same without holding the thread, under the stop token of the awaiting coroutine.
  AsyncRun async_run(Scheduler& scheduler) noexcept;

 private:
  friend class GraphBuilder;
  explicit Graph(detail::GraphCore* core) noexcept : core_(core) {}
  Result<void> begin(Scheduler& scheduler, const GraphRunOptions& options, detail::GraphEnd& end) noexcept;
  Result<void> take_result() noexcept;

  detail::GraphCore* core_;
};

/// Collects nodes and edges. Where there is no memory, build() says so.
class ABI_API GraphBuilder {
 public:
  struct NodeOptions {
    std::string_view name = {};
    Priority priority = Priority::normal;
  };

  GraphBuilder() noexcept;
  ~GraphBuilder();
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  /// A node that calls the function in each run. What the function refers to outlives the graph.
  template <class Function>
    requires NodeFunction<std::decay_t<Function>>
  GraphNode add(const NodeOptions& options, Function&& function) noexcept {
    using F = std::decay_t<Function>;
    try {
      detail::NodeCall call;
      if constexpr (std::is_trivially_copyable_v<F> && std::is_trivially_destructible_v<F> &&
                    sizeof(F) <= detail::NodeCall::inline_bytes && alignof(F) <= alignof(detail::NodeCall)) {
        call.call = [](void* place) noexcept { return detail::call_node(*std::launder(static_cast<F*>(place))); };
        ::new (call.function) F(std::forward<Function>(function));
      } else {
        call.call = [](void* place) noexcept { return detail::call_node(**static_cast<F**>(place)); };
        detail::OwnedFunction& owned = owned_.emplace_back();
        F* const own = new F(std::forward<Function>(function));
        owned = {own, [](void* gone) noexcept { delete static_cast<F*>(gone); }};
        ::new (call.function) F*(own);
      }
      return add_node(call, options);
    } catch (...) {
      return fail();
    }
  }
  template <class Function>
    requires NodeFunction<std::decay_t<Function>>
  GraphNode add(std::string_view name, Function&& function) noexcept {
    return add(NodeOptions{.name = name}, std::forward<Function>(function));
  }
  template <class Function>
    requires NodeFunction<std::decay_t<Function>>
  GraphNode add(Function&& function) noexcept {
    return add(NodeOptions{}, std::forward<Function>(function));
  }

  /// `second` begins after `first` has ended.
  void precede(GraphNode first, GraphNode second) noexcept;

  /// The graph of all that was added; the builder is empty afterwards, whatever comes of it.
  Result<Graph> build() noexcept;

 private:
  struct Edge {
    std::uint32_t from;
    std::uint32_t to;
  };
  struct Name {
    std::uint32_t node;
    std::string text;
  };
  GraphNode add_node(const detail::NodeCall& call, const NodeOptions& options);
  GraphNode fail() noexcept;
  void clear() noexcept;
  std::string name_of(std::uint32_t node) const;
  Result<void> check() const;
  std::unexpected<Error> cycle_error(const std::vector<std::uint32_t>& cycle) const;
  Result<Graph> build_or_throw();

  std::vector<detail::NodeCall> calls_;
  std::vector<Priority> priorities_;  // empty while all are normal
  std::vector<Edge> edges_;
  std::vector<Name> names_;  // by node
  std::vector<detail::OwnedFunction> owned_;
  bool failed_ = false;
};

/// What async_run() gives.
class [[nodiscard]] Graph::AsyncRun : private detail::GraphEnd {
 public:
  using FollowsContext = void;

  AsyncRun(Graph& graph, Scheduler& scheduler) noexcept
      : GraphEnd{[](GraphEnd& self) noexcept { static_cast<AsyncRun&>(self).waiter_.release(); }},
        graph_(&graph),
        scheduler_(&scheduler) {}
  AsyncRun(const AsyncRun&) = delete;
  AsyncRun& operator=(const AsyncRun&) = delete;

  bool await_ready() const noexcept { return graph_->nodes() == 0; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    waiter_.bind(waiting);
    Result<void> begun =
        graph_->begin(*scheduler_, {.stop = waiter_.context().stop, .priority = detail::place_of(waiting).priority}, *this);
    if (begun) return true;  // it may be over by now, and this awaiter gone
    failure_ = std::move(begun);
    return false;
  }
  Result<void> await_resume() noexcept {
    if (!failure_) return std::move(failure_);
    Result<void> result = graph_->take_result();
    if (!result && result.error().code == ErrorCode::cancelled && waiter_.context().stopped())
      return waiter_.context().stop_error();
    return result;
  }

 private:
  Graph* graph_;
  Scheduler* scheduler_;
  Waiter waiter_;
  Result<void> failure_;
};

inline Graph::AsyncRun Graph::async_run(Scheduler& scheduler) noexcept { return AsyncRun(*this, scheduler); }

}  // namespace libabi::task
