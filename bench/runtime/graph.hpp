#pragma once
/// What the contestants of graph.cpp run, and how a call is timed.

#include "measure.hpp"

#include <cstdint>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench::graph {

struct Dag {
  std::uint32_t nodes;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
};

/// A square of nodes, each after its left and its upper neighbour.
inline Dag wavefront(std::uint32_t side) {
  Dag dag{side * side, {}};
  for (std::uint32_t at = 0; at < dag.nodes; ++at) {
    if ((at + 1) % side != 0) dag.edges.emplace_back(at, at + 1);
    if (at + side < dag.nodes) dag.edges.emplace_back(at, at + side);
  }
  return dag;
}

/// Each node after four of all that stand before it.
inline Dag random(std::uint32_t nodes) {
  Dag dag{nodes, {}};
  std::mt19937_64 random(7);
  for (std::uint32_t at = 1; at < nodes; ++at)
    for (int i = 0; i < 4; ++i) dag.edges.emplace_back(static_cast<std::uint32_t>(random() % at), at);
  return dag;
}

/// What a node does: it counts, and turns so many times.
struct Work {
  std::vector<std::uint64_t> runs;
  unsigned turns;
  void operator()(std::uint32_t node) {
    ++runs[node];
    for (unsigned left = turns; left != 0; --left) asm volatile("");
  }
};

constexpr int timed_runs = 3;

/// Nanoseconds a node, after a run without looking at the clock.
template <class Run>
double per_node(const Work& work, Run&& run) {
  run();
  const double taken = seconds([&] {
    for (int i = 0; i < timed_runs; ++i) run();
  });
  for (const std::uint64_t runs : work.runs)
    if (runs != timed_runs + 1) throw std::runtime_error("a graph lost a node");
  return taken * 1e9 / timed_runs / static_cast<double>(work.runs.size());
}

/// On two threads; the graph is built before.
double tbb_counters(const Dag& dag, unsigned turns);  ///< atomic counters, and a task_group for what is ready
double taskflow(const Dag& dag, unsigned turns);

}  // namespace bench::graph
