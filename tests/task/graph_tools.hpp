#pragma once
/// What the tests of graphs have in common: graphs by random, and witnesses of how they run.

#include "scheduler_jobs.hpp"

#include <abi/task/graph.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace libabi::task::test {

inline std::unique_ptr<Scheduler> scheduler_of(unsigned threads) {
  SchedulerOptions options;
  options.threads = threads;
  return Scheduler::create(options).value();
}

class GraphOf : public testing::TestWithParam<unsigned> {
 protected:
  std::unique_ptr<Scheduler> scheduler_ = scheduler_of(GetParam());
};

inline void spin(unsigned turns) noexcept {
  for (; turns != 0; --turns) asm volatile("" ::: "memory");
}

using libabi::test::becomes_true;

using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// Nodes in any order, none or some edges to each, now and then the same edge twice.
inline Edges random_edges(std::mt19937_64& random, std::uint32_t nodes) {
  std::vector<std::uint32_t> order(nodes);
  for (std::uint32_t i = 0; i < nodes; ++i) order[i] = i;
  std::ranges::shuffle(order, random);
  const std::uint64_t most = random() % 5;
  const std::uint32_t reach = random() % 2 == 0 ? nodes : 1 + static_cast<std::uint32_t>(random() % 8);
  Edges edges;
  for (std::uint32_t i = 1; i < nodes; ++i)
    for (std::uint64_t k = random() % (most + 1); k != 0; --k) {
      const auto back = 1 + static_cast<std::uint32_t>(random() % std::min(i, reach));
      edges.emplace_back(order[i - back], order[i]);
      if (random() % 16 == 0) edges.push_back(edges.back());
    }
  return edges;
}

/// Stamps when each node begins and ends, from one clock that counts; nodes write plain memory too, which their successors read.
class Witness {
 public:
  Witness(std::uint32_t nodes, Edges edges) : nodes_(nodes), edges_(std::move(edges)) {}

  /// `turns(node)` is how long a node spins.
  template <class Turns>
  Result<Graph> build(Turns turns) {
    GraphBuilder builder;
    std::vector<GraphNode> made;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i)
      made.push_back(builder.add([this, i, spins = static_cast<unsigned>(turns(i))] { visit(i, spins); }));
    for (const auto& [from, to] : edges_) builder.precede(made[from], made[to]);
    return builder.build();
  }

  /// What a node does as well.
  std::function<void(std::uint32_t node)> also;

  /// Every node ran `runs` times by now, and in the last run each after all that precede it.
  void check(std::uint32_t runs) const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) ASSERT_EQ(nodes_[i].runs, runs) << "node " << i;
    for (const auto& [from, to] : edges_) {
      ASSERT_LT(nodes_[from].ended, nodes_[to].begun) << from << " -> " << to;
      ASSERT_GE(nodes_[to].depth, nodes_[from].depth + 1) << from << " -> " << to;
    }
  }

 private:
  struct Node {
    std::uint32_t runs = 0;
    std::uint32_t depth = 0;
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
  };
  // Not atomic: tsan sees a node that runs twice at a time, and one that does not wait.
  void visit(std::uint32_t i, unsigned spins) {
    nodes_[i].begun = clock_.fetch_add(1, std::memory_order_relaxed);
    ++nodes_[i].runs;
    std::uint32_t depth = 0;
    for (const std::uint32_t before : predecessors_[i]) depth = std::max(depth, nodes_[before].depth + 1);
    nodes_[i].depth = depth;
    spin(spins);
    if (also) also(i);
    nodes_[i].ended = clock_.fetch_add(1, std::memory_order_relaxed);
  }

  std::vector<Node> nodes_;
  Edges edges_;
  std::vector<std::vector<std::uint32_t>> predecessors_ = [this] {
    std::vector<std::vector<std::uint32_t>> result(nodes_.size());
    for (const auto& [from, to] : edges_) result[to].push_back(from);
    return result;
  }();
  std::atomic<std::uint64_t> clock_{1};
};

}  // namespace libabi::task::test
