#include <abi/task/sync_wait.hpp>

#include "seed.hpp"
#include "task/graph_tools.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>

namespace libabi::task {
namespace {

using namespace test;

INSTANTIATE_TEST_SUITE_P(Threads, GraphOf, testing::Values(1u, 2u, 4u), testing::PrintToStringParamName());

TEST_P(GraphOf, RunsEachNodeOnceAndAfterAllThatPrecedeIt) {
  std::mt19937_64 random(libabi::test::seed());
  for (int round = 0; round < 60; ++round) {
    const auto nodes = 1 + static_cast<std::uint32_t>(random() % 300);
    Witness witness(nodes, random_edges(random, nodes));
    // From nothing to some microseconds, so that the first thread keeps some runs to itself and has others taken over.
    const unsigned longest = 1u << (random() % 14);
    Graph graph = witness.build([&](std::uint32_t) { return random() % longest; }).value();
    EXPECT_EQ(graph.nodes(), nodes);
    for (std::uint32_t run = 1; run <= 4; ++run) {
      ASSERT_TRUE(graph.run(*scheduler_));
      witness.check(run);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(GraphOf, RunsALargeGraphManyTimes) {
  std::mt19937_64 random(libabi::test::seed());
  for (const unsigned turns : {0u, 300u}) {
    constexpr std::uint32_t nodes = 5000;
    Witness witness(nodes, random_edges(random, nodes));
    Graph graph = witness.build([=](std::uint32_t) { return turns; }).value();
    for (std::uint32_t run = 1; run <= 30; ++run) {
      ASSERT_TRUE(graph.run(*scheduler_));
      witness.check(run);
      if (HasFatalFailure()) return;
    }
  }
}

// Short nodes first, then long ones: the border of what is taken over lies anywhere in the graph.
TEST_P(GraphOf, IsTakenOverInTheMiddle) {
  std::mt19937_64 random(libabi::test::seed());
  for (int round = 0; round < 20; ++round) {
    constexpr std::uint32_t nodes = 2000;
    const auto from = static_cast<std::uint32_t>(random() % nodes);
    Edges edges = random_edges(random, nodes);
    for (auto& [first, second] : edges)
      if (first > second) std::swap(first, second);
    Witness witness(nodes, std::move(edges));
    Graph graph = witness.build([=](std::uint32_t node) { return node >= from && node < from + 200 ? 20'000u : 0u; }).value();
    for (std::uint32_t run = 1; run <= 2; ++run) {
      ASSERT_TRUE(graph.run(*scheduler_));
      witness.check(run);
      if (HasFatalFailure()) return;
    }
  }
}

// The first thread runs a chain, at whose end it waits for a node that only another one can run.
TEST(Graph, CanBeTakenOverInEveryRun) {
  std::mt19937_64 random(libabi::test::seed());
  for (int round = 0; round < 60; ++round) {
    const auto scheduler = scheduler_of(2 + round % 3);
    const auto door = static_cast<std::uint32_t>(random() % 40);
    const std::uint32_t key = door + 1, rest = door + 2;
    const auto more = 1 + static_cast<std::uint32_t>(random() % 200);
    Edges edges;
    for (std::uint32_t node = 0; node < door; ++node) edges.emplace_back(node, node + 1);
    for (const auto& [from, to] : random_edges(random, more)) edges.emplace_back(rest + from, rest + to);
    for (std::uint32_t i = 0; i < more; ++i)
      edges.emplace_back(static_cast<std::uint32_t>(random() % rest), rest + static_cast<std::uint32_t>(random() % more));
    Witness witness(rest + more, std::move(edges));
    std::atomic<bool> open{false};
    std::atomic<int> shared{0};
    witness.also = [&](std::uint32_t node) {
      if (node == key) open = true;
      if (node == door && becomes_true([&] { return open.load(); })) ++shared;
    };
    Graph graph = witness.build([&](std::uint32_t) { return random() % 100; }).value();
    for (std::uint32_t run = 1; run <= 4; ++run) {
      open = false;
      ASSERT_TRUE(graph.run(*scheduler));
      ASSERT_EQ(shared, static_cast<int>(run));
      witness.check(run);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(Graph, IdleWorkersComeBackWhenThereIsWorkAgain) {
  const auto scheduler = scheduler_of(2);
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> begun{false};
    std::atomic<int> met{0};
    std::atomic<bool> both{false};
    bool taken_over = false;
    GraphBuilder builder;
    builder.add([&] { taken_over = becomes_true([&] { return begun.load(); }); });
    const GraphNode alone = builder.add([&] {
      begun = true;
      spin(3'000'000);  // long enough for the other worker to leave
    });
    for (int i = 0; i < 2; ++i)
      builder.precede(alone, builder.add([&] {
        ++met;
        if (becomes_true([&] { return met == 2; })) both = true;
      }));
    ASSERT_TRUE(builder.build().value().run(*scheduler));
    ASSERT_TRUE(taken_over);
    ASSERT_TRUE(both);
  }
}

TEST_P(GraphOf, WithoutNodesIsOverAtOnce) {
  Graph none;
  EXPECT_TRUE(none.run(*scheduler_));
  EXPECT_TRUE(sync_wait(*scheduler_, [](Graph& graph, Scheduler& scheduler) -> Task<void> {
    co_return co_await graph.async_run(scheduler);
  }(none, *scheduler_)));
  GraphBuilder builder;
  Graph empty = builder.build().value();
  EXPECT_EQ(empty.nodes(), 0u);
  EXPECT_TRUE(empty.run(*scheduler_));
}

TEST_P(GraphOf, RunsInAJobAndInAGang) {
  std::mt19937_64 random(libabi::test::seed());
  Witness witness(500, random_edges(random, 500));
  Graph graph = witness.build([](std::uint32_t) { return 500; }).value();
  ASSERT_TRUE(scheduler_->run([&] { return graph.run(*scheduler_); }));
  witness.check(1);
  Result<void> result;
  ASSERT_TRUE(scheduler_->gang([&](GangMember& member) {
    if (member.index() == 0) result = graph.run(*scheduler_);
    member.barrier();
  }));
  EXPECT_TRUE(result);
  witness.check(2);
}

TEST_P(GraphOf, RunsInATask) {
  std::mt19937_64 random(libabi::test::seed());
  Witness witness(500, random_edges(random, 500));
  Graph graph = witness.build([](std::uint32_t node) { return node % 7 * 100; }).value();
  const auto runs = [](Graph& one, Scheduler& scheduler, int count) -> Task<int> {
    for (int i = 0; i < count; ++i) ABI_CO_TRY(co_await one.async_run(scheduler));
    co_return count;
  };
  EXPECT_EQ(sync_wait(*scheduler_, runs(graph, *scheduler_, 50)), 50);
  EXPECT_EQ(sync_wait(runs(graph, *scheduler_, 50)), 50);
  witness.check(100);
}

TEST_P(GraphOf, NodesMayRunGraphs) {
  std::mt19937_64 random(libabi::test::seed());
  std::vector<std::unique_ptr<Witness>> inner;
  std::vector<Graph> graphs;
  GraphBuilder builder;
  for (int i = 0; i < 12; ++i) {
    inner.push_back(std::make_unique<Witness>(100, random_edges(random, 100)));
    graphs.push_back(inner.back()->build([](std::uint32_t) { return 300; }).value());
  }
  std::vector<GraphNode> nodes;
  for (Graph& graph : graphs) nodes.push_back(builder.add([this, &graph] { return graph.run(*scheduler_); }));
  builder.precede(nodes[0], nodes[7]);
  Graph outer = builder.build().value();
  for (std::uint32_t run = 1; run <= 5; ++run) {
    ASSERT_TRUE(outer.run(*scheduler_));
    for (const auto& each : inner) each->check(run);
  }
}

TEST_P(GraphOf, TakesAnyFunction) {
  std::array<long, 8> large{};
  large[7] = 5;
  std::atomic<long> sum{0};
  int empty = 0;
  struct Movable {
    std::unique_ptr<int> value = std::make_unique<int>(7);
    std::atomic<long>* sum;
    void operator()() const { *sum += *value; }
  };
  GraphBuilder builder;
  builder.add([&sum, large] { sum += large[7]; });
  builder.add([&sum, text = std::string(100, 'x')]() -> Result<void> {
    sum += static_cast<long>(text.size());
    return {};
  });
  builder.add("movable", Movable{.sum = &sum});
  builder.add(std::function<void()>([&] { ++empty; }));
  Graph graph = builder.build().value();
  Graph moved = std::move(graph);
  EXPECT_EQ(graph.nodes(), 0u);
  EXPECT_EQ(moved.nodes(), 4u);
  for (int run = 1; run <= 3; ++run) {
    ASSERT_TRUE(moved.run(*scheduler_));
    EXPECT_EQ(sum, 112 * run);
    EXPECT_EQ(empty, run);
  }
}

TEST_P(GraphOf, RunsSideBySideWithOthers) {
  std::mt19937_64 random(libabi::test::seed());
  std::vector<std::unique_ptr<Witness>> witnesses;
  for (int i = 0; i < 3; ++i) witnesses.push_back(std::make_unique<Witness>(400, random_edges(random, 400)));
  std::vector<std::thread> callers;
  for (const auto& each : witnesses)
    callers.emplace_back([this, &each] {
      Graph graph = each->build([](std::uint32_t node) { return node % 5 * 200; }).value();
      for (int run = 0; run < 20; ++run) EXPECT_TRUE(graph.run(*scheduler_));
    });
  for (std::thread& each : callers) each.join();
  for (const auto& each : witnesses) each->check(20);
}

std::vector<int> order_on_one_thread(const std::vector<Priority>& priorities, const Edges& edges) {
  const auto scheduler = scheduler_of(1);
  std::vector<int> order;
  GraphBuilder builder;
  std::vector<GraphNode> nodes;
  for (int i = 0; const Priority priority : priorities)
    nodes.push_back(builder.add({.priority = priority}, [&order, number = i++] { order.push_back(number); }));
  for (const auto& [from, to] : edges) builder.precede(nodes[from], nodes[to]);
  EXPECT_TRUE(builder.build().value().run(*scheduler));
  return order;
}

TEST(Graph, AWorkerTakesTheMostUrgentNode) {
  using enum Priority;
  EXPECT_EQ(order_on_one_thread({normal, low, normal, high}, {{0, 1}, {0, 2}, {0, 3}}), (std::vector{0, 3, 2, 1}));
  EXPECT_EQ(order_on_one_thread({low, normal, high}, {}), (std::vector{2, 1, 0}));
  EXPECT_EQ(order_on_one_thread({normal, low, high}, {{1, 2}}), (std::vector{0, 1, 2}));
}

TEST(Graph, AmongEqualsAWorkerFollowsTheNodeThatItHasRun) {
  const Priority equal = Priority::normal;
  EXPECT_EQ(order_on_one_thread({equal, equal, equal, equal}, {{0, 2}, {1, 3}}), (std::vector{0, 2, 1, 3}));
}

TEST(Graph, TheSchedulerMayBeGoneBeforeTheGraph) {
  std::mt19937_64 random(libabi::test::seed());
  Witness witness(200, random_edges(random, 200));
  Graph graph = witness.build([](std::uint32_t) { return 400; }).value();
  for (std::uint32_t run = 1; run <= 9; ++run) {
    const auto scheduler = scheduler_of(1 + run % 3);
    ASSERT_TRUE(graph.run(*scheduler));
    witness.check(run);
  }
}

// The workers that were to help come late, when the graph is gone.
TEST_P(GraphOf, MayBeDestroyedAsSoonAsItHasRun) {
  std::atomic<int> sum{0};
  for (int round = 0; round < 300; ++round) {
    GraphBuilder builder;
    for (int i = 0; i < 5; ++i) builder.add([&sum, spins = static_cast<unsigned>(round) * 20] { spin(spins), ++sum; });
    ASSERT_TRUE(builder.build().value().run(*scheduler_));
    ASSERT_EQ(sum, 5 * (round + 1));
  }
}

}  // namespace
}  // namespace libabi::task
