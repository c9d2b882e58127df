#pragma once
/// What the contestants of fork_join.cpp run, and how a call is timed.

#include "measure.hpp"

#include <cstdint>
#include <stdexcept>

namespace bench::fork_join {

constexpr long fib_of = 30;
constexpr long fib_result = 832'040;
constexpr long fib_nodes = 2'692'537;

/// A tree that nobody can balance beforehand: a root with many children, each other node with four children or none, by random;
/// 100 nodes for each child of the root on average (the binomial tree of Olivier et al., UTS, 2006).
constexpr int root_children = 20'000;
constexpr std::uint64_t root_seed = 42;
constexpr int most_children = 4;
inline std::uint64_t child_seed(std::uint64_t seed, int child) {
  std::uint64_t mixed = seed + (static_cast<std::uint64_t>(child) + 1) * 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}
inline int children_of(std::uint64_t seed) { return static_cast<double>(seed >> 11) * 0x1p-53 < 0.2475 ? most_children : 0; }

inline void expect(bool good) {
  if (!good) throw std::runtime_error("a fork-join lost a node");
}

/// Nanoseconds a node, after a run without looking at the clock; `run` gives the number of the nodes.
template <class Run>
double per_node(Run&& run) {
  static_cast<void>(run());
  long nodes = 0;
  const double taken = seconds([&] { nodes = run(); });
  return taken * 1e9 / static_cast<double>(nodes);
}

double libfork_fib(unsigned threads);  ///< the faster of its two pools
double libfork_tree(unsigned threads);
double tbb_fib(unsigned threads);
double tbb_tree(unsigned threads);

}  // namespace bench::fork_join
