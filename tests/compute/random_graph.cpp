#include "compute/random_graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace libabi::testing_compute {

using namespace compute;

namespace {

constexpr std::int64_t widths[] = {4, 24, 40};

class Maker {
 public:
  Maker(std::mt19937& random, std::int64_t tokens) : random_(random) {
    for (const std::int64_t columns : widths)
      results_.push_back(graph.input(format("x{}", columns), quant::FormatId::f32,
                                     {.rows = tokens, .columns = columns, .dynamic = Rows::tokens}));
  }

  GraphBuilder graph;

  void add_operation() {
    const TensorId a = any();
    switch (below(8)) {
      case 0: return keep(graph.silu(a));
      case 1: return keep(graph.tanh(a));
      case 2: return keep(graph.scale(a, 0.5f));
      case 3: return keep(graph.add(a, like(a)));
      case 4: return keep(graph.mul(a, like(a)));
      case 5: return keep(graph.swiglu(a, like(a)));
      case 6: return keep(wider(a));
      default: return keep(graph.add(a, graph.pool(like(a), Pooling::mean)));
    }
  }

  TensorId any() { return results_[static_cast<std::size_t>(below(static_cast<int>(results_.size())))]; }
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

 private:
  void keep(TensorId id) { results_.push_back(id); }
  /// A result of the same width, perhaps the same one.
  TensorId like(TensorId id) {
    for (int tries = 0; tries < 6; ++tries)
      if (const TensorId other = any(); graph.desc(other).shape == graph.desc(id).shape) return other;
    return id;
  }
  /// A sum over slots, so that widths mix: [T, 24] as 6 slots of 4 becomes [T, 4]; others stay.
  TensorId wider(TensorId id) {
    if (graph.desc(id).shape.columns != 24) return graph.gelu(id);
    const TensorId experts = graph.top_experts(id, 6);
    return graph.expert_sum(id, graph.expert_weights(id, experts, true));
  }
  std::mt19937& random_;
  std::vector<TensorId> results_;
};

}  // namespace

Graph random_graph(std::mt19937& random, std::int64_t tokens, int operations) {
  Maker maker(random, tokens);
  for (int i = 0; i < operations; ++i) maker.add_operation();
  std::vector<TensorId> kept;
  for (int i = 0; i < 3; ++i) {
    const TensorId id = maker.any();
    if (maker.graph.desc(id).role != Role::intermediate || std::find(kept.begin(), kept.end(), id) != kept.end()) continue;
    maker.graph.output(id, format("out{}", i));
    kept.push_back(id);
  }
  auto graph = std::move(maker.graph).finish();
  EXPECT_TRUE(graph) << (graph ? "" : graph.error().text());
  return *std::move(graph);
}

}  // namespace libabi::testing_compute
