// Graphs that cannot be built, runs that fail or are stopped, memory that runs out: an error each time, and the next run is
// whole.
#include <abi/memory/fault.hpp>
#include <abi/task/sync_wait.hpp>

#include "memory/failing_malloc.hpp"
#include "seed.hpp"
#include "task/graph_tools.hpp"

#include <new>
#include <stdexcept>
#include <string>

namespace libabi::task {
namespace {

using namespace test;

using GraphErrorOf = GraphOf;
INSTANTIATE_TEST_SUITE_P(Threads, GraphErrorOf, testing::Values(1u, 2u, 4u), testing::PrintToStringParamName());

bool says(const Error& error, std::string_view part) { return error.text().find(part) != std::string::npos; }

TEST(GraphBuilder, NamesTheNodesOfACycle) {
  GraphBuilder builder;
  const auto nothing = [] {};
  const GraphNode a = builder.add("a", nothing), b = builder.add("b", nothing), c = builder.add(nothing);
  const GraphNode before = builder.add("before", nothing), after = builder.add("after", nothing);
  builder.precede(before, a);
  builder.precede(a, b);
  builder.precede(b, c);
  builder.precede(c, a);
  builder.precede(c, after);
  const auto graph = builder.build();
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::invalid_argument);
  const std::string text = graph.error().text();
  EXPECT_TRUE(says(graph.error(), "a -> b -> #2 -> a") || says(graph.error(), "b -> #2 -> a -> b") ||
              says(graph.error(), "#2 -> a -> b -> #2"))
      << text;
  EXPECT_EQ(text.find("before"), std::string::npos) << text;
  EXPECT_EQ(text.find("after"), std::string::npos) << text;
  // It is empty now.
  builder.add(nothing);
  EXPECT_EQ(builder.build().value().nodes(), 1u);
}

TEST(GraphBuilder, ANodeDoesNotPrecedeItself) {
  GraphBuilder builder;
  const GraphNode self = builder.add("self", [] {});
  builder.precede(self, self);
  EXPECT_TRUE(says(builder.build().error(), "self -> self"));
}

// Any edge backwards along a path closes a cycle, and the message is a cycle of the graph.
TEST(GraphBuilder, FindsEveryCycle) {
  std::mt19937_64 random(libabi::test::seed());
  for (int round = 0; round < 200; ++round) {
    const auto nodes = 2 + static_cast<std::uint32_t>(random() % 60);
    Edges edges = random_edges(random, nodes);
    const auto length = 1 + static_cast<std::uint32_t>(random() % std::min(nodes, 15u));
    for (std::uint32_t i = 0; i < length; ++i) edges.emplace_back(i, (i + 1) % length);
    Witness witness(nodes, edges);
    const auto graph = witness.build([](std::uint32_t) { return 0; });
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, ErrorCode::invalid_argument);
    std::vector<std::uint32_t> cycle;
    const std::string text = graph.error().message;
    for (std::size_t at = text.find('#'); at != std::string::npos; at = text.find('#', at + 1))
      cycle.push_back(static_cast<std::uint32_t>(std::stoul(text.substr(at + 1))));
    ASSERT_GE(cycle.size(), 2u) << text;
    EXPECT_EQ(cycle.front(), cycle.back()) << text;
    if (text.find("others") != std::string::npos) continue;
    for (std::size_t i = 1; i < cycle.size(); ++i)
      EXPECT_NE(std::ranges::find(edges, std::pair(cycle[i - 1], cycle[i])), edges.end()) << text;
  }
}

TEST(GraphBuilder, AnEdgeToANodeThatIsNotThereIsAnError) {
  GraphBuilder other;
  other.add([] {});
  const GraphNode second = other.add([] {});
  GraphBuilder builder;
  const GraphNode first = builder.add([] {});
  builder.precede(first, second);
  EXPECT_EQ(builder.build().error().code, ErrorCode::invalid_argument);
}

enum class Way { returns, throws };

/// A chain of ten with a node that fails on demand, beside others.
struct Chain {
  std::atomic<int> ran{0};
  std::atomic<bool> fails{true};
  Graph build(Way way, int culprit) {
    GraphBuilder builder;
    std::vector<GraphNode> nodes;
    for (int i = 0; i < 10; ++i) {
      nodes.push_back(builder.add("node " + std::to_string(i), [this, way, fatal = i == culprit]() -> Result<void> {
        ++ran;
        spin(2000);
        if (!fatal || !fails) return {};
        if (way == Way::throws) throw std::runtime_error("as foreseen");
        return error(ErrorCode::not_found, "as foreseen");
      }));
      if (i != 0) builder.precede(nodes[nodes.size() - 2], nodes.back());
    }
    return builder.build().value();
  }
};

TEST_P(GraphErrorOf, AFailureStopsTheRestAndComesBackWithTheNameOfItsNode) {
  for (const Way way : {Way::returns, Way::throws})
    for (const int culprit : {0, 4, 9})
      for (int round = 0; round < 5; ++round) {
        Chain chain;
        Graph graph = chain.build(way, culprit);
        const auto failed = graph.run(*scheduler_);
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().context, "node " + std::to_string(culprit));
        EXPECT_TRUE(says(failed.error(), "as foreseen"));
        EXPECT_EQ(failed.error().code, way == Way::returns ? ErrorCode::not_found : ErrorCode::internal);
        EXPECT_EQ(chain.ran, culprit + 1);
        chain.fails = false;
        EXPECT_TRUE(graph.run(*scheduler_));
        EXPECT_EQ(chain.ran, culprit + 11);
      }
}

TEST_P(GraphErrorOf, OfManyFailuresOneComesBack) {
  GraphBuilder builder;
  for (int i = 0; i < 200; ++i)
    builder.add([i]() -> Result<void> {
      spin(1000);
      return error(ErrorCode::not_found, "number {}", i);
    });
  Graph graph = builder.build().value();
  for (int run = 0; run < 20; ++run) EXPECT_EQ(graph.run(*scheduler_).error().code, ErrorCode::not_found);
}

TEST_P(GraphErrorOf, ASecondRunBesideTheFirstIsAnError) {
  GraphBuilder builder;
  Graph graph;
  Result<void> second;
  builder.add([&] { second = graph.run(*scheduler_); });
  graph = builder.build().value();
  EXPECT_TRUE(graph.run(*scheduler_));
  EXPECT_EQ(second.error().code, ErrorCode::failed_precondition);
}

TEST_P(GraphErrorOf, AStopEndsTheRun) {
  for (const int culprit : {-1, 0, 5}) {  // stopped before the run, or by a node
    StopSource source;
    int ran = 0;
    GraphBuilder builder;
    std::vector<GraphNode> nodes;
    for (int i = 0; i < 10; ++i) {
      nodes.push_back(builder.add([&, i] {
        ++ran;
        spin(3000);
        if (i == culprit) source.request_stop();
      }));
      if (i != 0) builder.precede(nodes[nodes.size() - 2], nodes.back());
    }
    Graph graph = builder.build().value();
    if (culprit < 0) source.request_stop();
    EXPECT_EQ(graph.run(*scheduler_, {.stop = source.get_token()}).error().code, ErrorCode::cancelled);
    EXPECT_EQ(ran, culprit + 1);
    EXPECT_TRUE(graph.run(*scheduler_));
    EXPECT_EQ(ran, culprit + 11);
  }
}

TEST_P(GraphErrorOf, AStopFromAnotherThreadEndsTheRun) {
  for (int round = 0; round < 20; ++round) {
    StopSource source;
    std::atomic<bool> begun{false};
    GraphBuilder builder;
    builder.add([&] {
      begun = true;
      EXPECT_TRUE(becomes_true([&] { return source.stop_requested(); }));
    });
    for (int i = 0; i < 1000; ++i) builder.add([&] { EXPECT_TRUE(becomes_true([&] { return source.stop_requested(); })); });
    Graph graph = builder.build().value();
    std::thread other([&] {
      EXPECT_TRUE(becomes_true([&] { return begun.load(); }));
      source.request_stop();
    });
    EXPECT_EQ(graph.run(*scheduler_, {.stop = source.get_token()}).error().code, ErrorCode::cancelled);
    other.join();
  }
}

TEST_P(GraphErrorOf, ATaskSeesFailuresAndIsStopped) {
  const auto once = [](Graph& graph, Scheduler& scheduler) -> Task<void> { co_return co_await graph.async_run(scheduler); };
  Chain chain;
  Graph graph = chain.build(Way::throws, 3);
  for (int round = 0; round < 5; ++round) EXPECT_EQ(sync_wait(*scheduler_, once(graph, *scheduler_)).error().context, "node 3");
  chain.fails = false;
  StopSource source;
  GraphBuilder builder;
  const GraphNode stops = builder.add([&] { source.request_stop(); });
  builder.precede(stops, builder.add([] { ADD_FAILURE(); }));
  Graph stopped = builder.build().value();
  EXPECT_EQ(sync_wait(*scheduler_, once(stopped, *scheduler_), {.stop = source.get_token()}).error().code, ErrorCode::cancelled);
  EXPECT_TRUE(sync_wait(*scheduler_, once(graph, *scheduler_)));
}

/// Alive ones are counted: what is destroyed twice or not at all is seen.
struct Alive {
  explicit Alive(std::atomic<int>& count) : count_(&count) { ++*count_; }
  Alive(const Alive& other) : count_(other.count_) { ++*count_; }
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --*count_; }
  std::atomic<int>* count_;
};

// Builds a graph of eight nodes and runs it.
Result<void> build_and_run(Scheduler& scheduler, std::atomic<int>& alive, std::atomic<int>& ran) {
  GraphBuilder builder;
  std::vector<GraphNode> nodes;
  nodes.reserve(8);
  for (int i = 0; i < 8; ++i) {
    const Priority priority = i % 3 == 2 ? Priority::high : Priority::normal;
    nodes.push_back(builder.add({.name = "a name that is too long to be kept in place", .priority = priority},
                                [&ran, keep = Alive(alive)] { ++ran; }));
    if (i != 0) builder.precede(nodes.front(), nodes.back());
  }
  ABI_TRY(Graph graph, builder.build());
  return graph.run(scheduler);
}

template <class Fault>
void fail_every_allocation(Scheduler& scheduler) {
  std::atomic<int> alive{0};
  int failures = 0;
  for (std::uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 500u);
    std::atomic<int> ran{0};
    Result<void> result;
    bool hit;
    {
      const Fault fault(n);
      result = boundary([&] { return build_and_run(scheduler, alive, ran); });
      hit = fault.hit();
    }
    EXPECT_EQ(alive, 0) << n;
    EXPECT_EQ(ran, result ? 8 : 0) << n;
    if (!result) {
      EXPECT_TRUE(hit);
      EXPECT_EQ(result.error().code, ErrorCode::exhausted) << n;
      ++failures;
    }
    if (!hit) break;  // a scheduler bears the failure of its own
  }
  EXPECT_GT(failures, 5);
}

TEST_P(GraphErrorOf, EveryAllocationMayFail) {
  fail_every_allocation<memory::AllocationFault>(*scheduler_);
  fail_every_allocation<libabi::test::FailingMalloc>(*scheduler_);
}

TEST_P(GraphErrorOf, NothingIsAllocatedInARun) {
  std::mt19937_64 random(libabi::test::seed());
  Witness witness(1000, random_edges(random, 1000));
  Graph graph = witness.build([](std::uint32_t) { return 500; }).value();
  ASSERT_TRUE(graph.run(*scheduler_));
  const libabi::test::FailingMalloc fails(0);
  for (int run = 0; run < 10; ++run) EXPECT_TRUE(graph.run(*scheduler_));
  EXPECT_FALSE(fails.hit());
}

TEST_P(GraphErrorOf, FunctionsAreDestroyedWithTheGraphOrTheBuilder) {
  std::atomic<int> alive{0};
  {
    GraphBuilder unused;
    unused.add([keep = Alive(alive)] {});
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
  GraphBuilder builder;
  builder.add([keep = Alive(alive)] {});
  Graph graph = builder.build().value();
  EXPECT_TRUE(graph.run(*scheduler_));
  EXPECT_EQ(alive, 1);
  builder.add([] {});
  graph = builder.build().value();
  EXPECT_EQ(alive, 0);
  const GraphNode self = builder.add([keep = Alive(alive)] {});
  builder.precede(self, self);
  EXPECT_FALSE(builder.build());
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace libabi::task
