#include "compute/random_graph.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

#include <abi/compute/memory_plan.hpp>

#include <algorithm>
#include <set>

namespace {

using namespace libabi;
using namespace libabi::compute;
using namespace libabi::testing_compute;
using quant::FormatId;

constexpr Shape tokens(std::int64_t columns, std::int64_t rows = 16) {
  return {.rows = rows, .columns = columns, .dynamic = Rows::tokens};
}

std::uint64_t bytes_of(const Graph& graph, TensorId id) { return tensor_bytes(graph.tensor(id)).value(); }

bool overlap(const Graph& graph, const MemoryPlan& plan, TensorId a, TensorId b) {
  return plan.offsets[a] < plan.offsets[b] + bytes_of(graph, b) && plan.offsets[b] < plan.offsets[a] + bytes_of(graph, a);
}

/// Elementwise by the table of the documentation, not by the code's own.
bool may_overwrite(Op op) {
  const std::set<Op> elementwise = {Op::add, Op::mul, Op::scale, Op::silu, Op::gelu, Op::tanh, Op::swiglu};
  return elementwise.contains(op);
}

/// Tensors that hold something that is still needed when node n runs: what it reads, and what later nodes and the caller
/// read. Told backwards from the end, one node at a time.
std::vector<std::set<TensorId>> needed_after(const Graph& graph) {
  std::set<TensorId> needed(graph.outputs().begin(), graph.outputs().end());
  for (TensorId id = 0; id < graph.tensors().size(); ++id)
    if (graph.tensor(id).role == Role::input) needed.insert(id);
  std::vector<std::set<TensorId>> out(graph.nodes().size());
  for (std::size_t n = graph.nodes().size(); n-- > 0;) {
    out[n] = needed;
    if (graph.tensor(graph.nodes()[n].output).role == Role::intermediate) needed.erase(graph.nodes()[n].output);
    for (const TensorId id : graph.nodes()[n].used_inputs()) needed.insert(id);
  }
  return out;
}

void expect_sound(const Graph& graph, const MemoryPlan& plan) {
  ASSERT_EQ(plan.offsets.size(), graph.tensors().size());
  const auto after = needed_after(graph);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    for (const TensorId other : after[n])
      if (other != node.output) {
        ASSERT_FALSE(overlap(graph, plan, node.output, other))
            << name(node.op) << " at " << n << " overwrites '" << graph.tensor(other).name << "', which is still needed";
      }
    for (const TensorId input : node.used_inputs()) {
      if (after[n].contains(input) || !overlap(graph, plan, node.output, input)) continue;
      ASSERT_TRUE(may_overwrite(node.op)) << name(node.op) << " at " << n << " overwrites its input";
      ASSERT_EQ(plan.offsets[node.output], plan.offsets[input]) << name(node.op) << " at " << n;
      ASSERT_EQ(graph.tensor(node.output).shape, graph.tensor(input).shape) << name(node.op) << " at " << n;
    }
  }
  for (TensorId id = 0; id < graph.tensors().size(); ++id) {
    if (plan.offsets[id] == no_place) continue;
    ASSERT_EQ(plan.offsets[id] % 64, 0u);
    ASSERT_LE(plan.offsets[id] + bytes_of(graph, id), plan.bytes);
  }
}

TEST(MemoryPlan, NoTensorOfARandomGraphIsOverwrittenWhileItIsNeeded) {
  std::mt19937 random(static_cast<std::uint32_t>(test::seed()));
  for (int round = 0; round < 300; ++round) {
    const Graph graph = random_graph(random, 1 + round % 9, 2 + round % 60);
    const auto plan = plan_memory(graph);
    ASSERT_TRUE(plan);
    expect_sound(graph, *plan);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(MemoryPlan, AChainOfGatedOperationsNeedsTwoPlacesBesideItsInput) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, tokens(64));
  TensorId y = b.rms_norm(x, b.weight("w", FormatId::f32, {.columns = 64}), 1e-5f);
  for (int i = 0; i < 5; ++i) y = b.mul(b.silu(y), y);  // both die at mul
  b.output(y, "result");
  const Graph graph = std::move(b).finish().value();
  const MemoryPlan plan = plan_memory(graph).value();
  expect_sound(graph, plan);
  EXPECT_EQ(plan.bytes, 3 * bytes_of(graph, x));  // x, y and silu(y)
}

TEST(MemoryPlan, NormsAndProductsNeverOverwriteTheirInput) {
  GraphBuilder b;
  const TensorId x = b.silu(b.input("x", FormatId::f32, tokens(64)));
  const TensorId y = b.rms_norm(x, b.weight("w", FormatId::f32, {.columns = 64}), 1e-5f);
  b.output(b.matmul(b.weight("m", FormatId::f32, {.rows = 64, .columns = 64}), y), "result");
  const Graph graph = std::move(b).finish().value();
  const MemoryPlan plan = plan_memory(graph).value();
  expect_sound(graph, plan);
  EXPECT_FALSE(overlap(graph, plan, x, y));
}

TEST(MemoryPlan, AnInputIsNeverOverwrittenAndAnOutputStays) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, tokens(64));
  const TensorId y = b.silu(x);
  b.output(y, "kept");
  const TensorId z = b.tanh(y);
  const TensorId last = b.gelu(z);
  b.output(last, "result");
  const Graph graph = std::move(b).finish().value();
  const MemoryPlan plan = plan_memory(graph).value();
  EXPECT_EQ(plan.bytes, 3 * bytes_of(graph, x));
  EXPECT_FALSE(overlap(graph, plan, x, y) || overlap(graph, plan, y, z));
  EXPECT_EQ(plan.offsets[z], plan.offsets[last]);
}

TEST(MemoryPlan, WeightsAndStatesHaveNoPlace) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, tokens(32));
  const TensorId cells = b.input("cells", FormatId::i32, tokens(1));
  const TensorId k = b.state("k", FormatId::f16, {.rows = 9, .columns = 32});
  const TensorId w = b.weight("w", FormatId::f32, {.columns = 32});
  b.store_rows(b.mul(x, w), k, cells);
  const Graph graph = std::move(b).finish().value();
  const MemoryPlan plan = plan_memory(graph).value();
  EXPECT_EQ(plan.offsets[k], no_place);
  EXPECT_EQ(plan.offsets[w], no_place);
  EXPECT_NE(plan.offsets[x], no_place);
}

TEST(MemoryPlan, ADeepModelNeedsAsMuchAsAShallowOne) {
  const auto bytes = [](int layers) {
    GraphBuilder b;
    TensorId x = b.input("x", FormatId::f32, tokens(64));
    const TensorId norm = b.weight("norm", FormatId::f32, {.columns = 64});
    const TensorId up = b.weight("up", FormatId::f32, {.rows = 256, .columns = 64});
    const TensorId down = b.weight("down", FormatId::f32, {.rows = 64, .columns = 256});
    for (int i = 0; i < layers; ++i) x = b.add(x, b.matmul(down, b.gelu(b.matmul(up, b.rms_norm(x, norm, 1e-5f)))));
    b.output(x, "result");
    return plan_memory(std::move(b).finish().value()).value().bytes;
  };
  EXPECT_EQ(bytes(3), bytes(40));
  EXPECT_LE(bytes(3), std::uint64_t{16 * 4 * (64 * 3 + 256)});  // x, the input, one more of 64, and the wide one
}

TEST(MemoryPlan, AGraphWhoseBytesOverflowIsRefused) {
  GraphBuilder b;
  constexpr std::int64_t half = std::int64_t{1} << 60;  // bytes: 2^62 each
  const TensorId x = b.input("x", FormatId::f32, {.rows = half, .columns = 1, .dynamic = Rows::tokens});
  b.output(b.silu(b.silu(x)), "result");
  b.output(b.silu(x), "other");
  const auto plan = plan_memory(std::move(b).finish().value());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::invalid_argument);
}

TEST(MemoryPlan, AnEmptyGraphNeedsNothing) { EXPECT_EQ(plan_memory(Graph{}).value().bytes, 0u); }

}  // namespace
