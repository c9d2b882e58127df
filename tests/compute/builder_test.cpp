#include <gtest/gtest.h>

#include <abi/compute/graph.hpp>

#include <functional>

namespace {

using namespace libabi;
using namespace libabi::compute;
using quant::FormatId;

constexpr Shape tokens(std::int64_t columns) { return {.rows = 8, .columns = columns, .dynamic = Rows::tokens}; }
constexpr Shape outputs(std::int64_t columns) { return {.rows = 8, .columns = columns, .dynamic = Rows::outputs}; }
constexpr Shape matrix(std::int64_t rows, std::int64_t columns) { return {.rows = rows, .columns = columns}; }
constexpr Shape row(std::int64_t columns) { return {.columns = columns}; }

/// Tensors to build wrong graphs from.
struct Parts {
  GraphBuilder b;
  TensorId x = b.input("x", FormatId::f32, tokens(64));
  TensorId wide = b.input("wide", FormatId::f32, tokens(96));
  TensorId few = b.input("few", FormatId::f32, outputs(64));
  TensorId ids = b.input("ids", FormatId::i32, tokens(1));
  TensorId slots = b.input("slots", FormatId::i32, tokens(2));
  TensorId w = b.weight("w", FormatId::q8_0, matrix(32, 64));
  TensorId experts = b.weight("experts", FormatId::q4_0, {.planes = 4, .rows = 32, .columns = 64});
  TensorId norm = b.weight("norm", FormatId::f32, row(64));
  TensorId short_norm = b.weight("short", FormatId::f32, row(16));
  TensorId odd = b.weight("odd", FormatId::f32, row(40));
  TensorId k = b.state("k", FormatId::f16, matrix(16, 32));
  TensorId v = b.state("v", FormatId::f16, matrix(16, 32));
  TensorId far = b.state("far", FormatId::f16, matrix(17, 32));
};
constexpr RopeAttributes rope{.head_dim = 32, .rotary_dim = 32};
constexpr AttentionAttributes heads{.heads = 2, .kv_heads = 1, .head_dim = 32, .value_dim = 32};

struct Refusal {
  std::function<void(Parts&)> add;
  std::vector<std::string> told;  ///< parts of the message
};

void expect_refused(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    Parts parts;
    refusal.add(parts);
    const auto graph = std::move(parts.b).finish();
    ASSERT_FALSE(graph) << refusal.told[0] << " " << refusal.told[1];
    EXPECT_EQ(graph.error().code, ErrorCode::invalid_argument);
    for (const std::string& part : refusal.told)
      EXPECT_NE(graph.error().message.find(part), std::string::npos) << "'" << part << "' in: " << graph.error().message;
  }
}

template <class T>
T with(T attributes, const std::function<void(T&)>& change) {
  change(attributes);
  return attributes;
}

TEST(GraphBuilder, ProductsNeedMatchingColumnsAndARowCountOfTheSameKind) {
  expect_refused({
      {[](Parts& p) { p.b.matmul(p.w, p.wide); }, {"matmul", "'wide'", "f32 [tokens 8, 96]", "64 columns", "q8_0 [32, 64]"}},
      {[](Parts& p) { p.b.matmul(p.x, p.x); }, {"matmul", "'x'", "a weight"}},
      {[](Parts& p) { p.b.matmul(p.experts, p.x); }, {"matmul", "'experts'", "q4_0 [4, 32, 64]", "one plane"}},
      {[](Parts& p) { p.b.matmul(p.w, p.ids); }, {"matmul", "'ids'", "i32"}},
      {[](Parts& p) { p.b.matmul(p.w, p.w); }, {"matmul", "x 'w'"}},
      {[](Parts& p) { p.b.matmul(p.w, p.x, p.norm); }, {"matmul", "bias 'norm'", "f32 [1, 64]", "32"}},
      {[](Parts& p) { p.b.expert_matmul(p.experts, p.wide, p.slots); }, {"expert_matmul", "'wide'", "64 columns", "2 slots"}},
      {[](Parts& p) { p.b.expert_matmul(p.experts, p.few, p.slots); }, {"expert_matmul", "ids 'slots'", "i32 [outputs 8, 2]"}},
      {[](Parts& p) { p.b.expert_matmul(p.experts, p.x, p.x); }, {"expert_matmul", "ids 'x'", "i32"}},
  });
}

TEST(GraphBuilder, LooksAtEveryOtherOperationToo) {
  expect_refused({
      {[](Parts& p) { p.b.get_rows(p.w, p.x); }, {"get_rows", "ids 'x'", "i32 [tokens 8, 1]"}},
      {[](Parts& p) { p.b.get_rows(p.w, p.slots); }, {"get_rows", "'slots'", "i32 [tokens 8, 1]"}},
      {[](Parts& p) { p.b.get_rows(p.experts, p.ids); }, {"get_rows", "'experts'", "one plane"}},
      {[](Parts& p) { p.b.get_rows(p.ids, p.ids); }, {"get_rows", "table 'ids'"}},
      {[](Parts& p) { p.b.top_experts(p.x, 65); }, {"top_experts", "65", "1 to 64"}},
      {[](Parts& p) { p.b.top_experts(p.x, 0); }, {"top_experts", "used is 0"}},
      {[](Parts& p) { p.b.expert_weights(p.few, p.slots, true); }, {"expert_weights", "'slots'", "outputs"}},
      {[](Parts& p) { p.b.expert_sum(p.x, p.wide); }, {"expert_sum", "96 slots"}},
      {[](Parts& p) { p.b.add(p.x, p.wide); }, {"add", "b 'wide'", "f32 [tokens 8, 96]", "f32 [tokens 8, 64]"}},
      {[](Parts& p) { p.b.add(p.x, p.few); }, {"add", "'few'", "f32 [outputs 8, 64]", "f32 [tokens 8, 64]"}},
      {[](Parts& p) { p.b.mul(p.x, p.short_norm); }, {"mul", "'short'", "one row of 64"}},
      {[](Parts& p) { p.b.mul(p.norm, p.norm); }, {"mul", "a 'norm'"}},
      {[](Parts& p) { p.b.scale(p.x, std::numeric_limits<float>::infinity()); }, {"scale", "factor is inf"}},
      {[](Parts& p) { p.b.rms_norm(p.x, p.odd, 1e-5f); }, {"rms_norm", "'odd'", "f32 [1, 40]", "divide the 64"}},
      {[](Parts& p) { p.b.rms_norm(p.x, p.norm, -1); }, {"rms_norm", "epsilon is -1"}},
      {[](Parts& p) { p.b.rms_norm(p.x, p.norm, std::numeric_limits<float>::quiet_NaN()); }, {"rms_norm", "nan"}},
      {[](Parts& p) { p.b.layer_norm(p.x, p.short_norm, no_tensor, 1e-5f); }, {"layer_norm", "weight 'short'", "64"}},
      {[](Parts& p) { p.b.layer_norm(p.x, p.norm, p.odd, 1e-5f); }, {"layer_norm", "bias 'odd'", "64"}},
      {[](Parts& p) { p.b.silu(p.ids); }, {"silu", "x 'ids'", "f32"}},
      {[](Parts& p) { p.b.gelu(p.k); }, {"gelu", "x 'k'"}},
      {[](Parts& p) { p.b.tanh(p.w); }, {"tanh", "x 'w'"}},
      {[](Parts& p) { p.b.swiglu(p.x, p.wide); }, {"swiglu", "up 'wide'", "f32 [tokens 8, 64]"}},
      {[](Parts& p) { p.b.swiglu(p.x, p.norm); }, {"swiglu", "up 'norm'"}},
      {[](Parts& p) { p.b.pool(p.ids, Pooling::mean); }, {"pool", "x 'ids'"}},
      {[](Parts& p) { p.b.store_rows(p.x, p.k, p.ids); }, {"store_rows", "state 'k'", "f16 [16, 32]", "64"}},
      {[](Parts& p) { p.b.store_rows(p.x, p.x, p.ids); }, {"store_rows", "state 'x'"}},
  });
}

TEST(GraphBuilder, RotationsAndAttentionNeedAttributesThatFit) {
  using R = RopeAttributes;
  using A = AttentionAttributes;
  const auto turned = [](const std::function<void(R&)>& change) {
    return [change](Parts& p) { p.b.rope(p.x, p.ids, with<R>(rope, change)); };
  };
  const auto attended = [](const std::function<void(A&)>& change) {
    return [change](Parts& p) { p.b.attention(p.x, p.k, p.v, p.ids, with<A>(heads, change)); };
  };
  expect_refused({
      {turned([](R& a) { a.head_dim = 48; }), {"rope", "head_dim is 48", "64 columns"}},
      {turned([](R& a) { a.head_dim = 0; }), {"rope", "head_dim is 0"}},
      {turned([](R& a) { a.rotary_dim = 34; }), {"rope", "rotary_dim is 34", "2 to 32"}},
      {turned([](R& a) { a.rotary_dim = 7; }), {"rope", "rotary_dim is 7", "even"}},
      {turned([](R& a) { a.base = 0; }), {"rope", "base is 0"}},
      {turned([](R& a) { a.frequency_scale = 0; }), {"rope", "frequency_scale is 0"}},
      {turned([](R& a) { a.extension = 1; }), {"rope", "original_context is 0"}},
      {turned([](R& a) { a.extension = -1; }), {"rope", "extension is -1"}},
      {[](Parts& p) { p.b.rope(p.x, p.ids, rope, p.norm); }, {"rope", "factors 'norm'", "16"}},
      {[](Parts& p) { p.b.rope(p.few, p.ids, rope); }, {"rope", "positions 'ids'", "i32 [outputs 8, 1]"}},
      {attended([](A& a) { a.kv_heads = 3; }), {"attention", "kv_heads is 3", "2 heads"}},
      {attended([](A& a) { a.heads = 4; }), {"attention", "q 'x'", "f32 [tokens 8, 128]"}},
      {attended([](A& a) { a.value_dim = 16; }), {"attention", "v 'v'", "f16 [16, 32]", "[16, 16]"}},
      {attended([](A& a) { a.kv_heads = 2; }), {"attention", "k 'k'", "64 columns"}},
      {[](Parts& p) { p.b.attention(p.x, p.k, p.far, p.ids, heads); }, {"attention", "v 'far'", "f16 [17, 32]"}},
      {[](Parts& p) { p.b.attention(p.x, p.x, p.v, p.ids, heads); }, {"attention", "k 'x'", "f32 [tokens 8, 32]"}},
      {[](Parts& p) { p.b.attention(p.x, p.k, p.v, p.slots, heads); }, {"attention", "positions 'slots'"}},
  });
}

TEST(GraphBuilder, TensorsOfTheCallerMustMakeSense) {
  expect_refused({
      {[](Parts& p) { p.b.weight("w", FormatId::f32, row(4)); }, {"two tensors", "'w'"}},
      {[](Parts& p) { p.b.weight("", FormatId::f32, row(4)); }, {"no", "name"}},
      {[](Parts& p) { p.b.weight("n", FormatId::i32, row(4)); }, {"'n'", "reals"}},
      {[](Parts& p) { p.b.weight("n", FormatId::f32, tokens(4)); }, {"'n'", "fixed rows"}},
      {[](Parts& p) { p.b.state("n", FormatId::f16, tokens(4)); }, {"'n'", "fixed rows"}},
      {[](Parts& p) { p.b.state("n", FormatId::f16, {.planes = 2, .columns = 4}); }, {"'n'", "only weights have planes"}},
      {[](Parts& p) { p.b.input("n", FormatId::f16, tokens(4)); }, {"'n'", "f32 or i32"}},
      {[](Parts& p) { p.b.input("n", FormatId::f32, tokens(0)); }, {"'n'", "at least one element"}},
      {[](Parts& p) { p.b.silu(no_tensor); }, {"silu", "input 0"}},
      {[](Parts& p) { p.b.add(p.x, 9999); }, {"add", "input 1"}},
      {[](Parts& p) { p.b.matmul(p.w, p.x, 9999); }, {"matmul", "input 2"}},
      {[](Parts& p) { p.b.output(p.x, "result"); }, {"'result'", "'x'"}},
      {[](Parts& p) { p.b.output(no_tensor, "result"); }, {"'result'", "no tensor"}},
      {[](Parts& p) { p.b.output(p.b.silu(p.x), "w"); }, {"two tensors", "'w'"}},
  });
}

TEST(GraphBuilder, KeepsTheFirstErrorAndDoesNothingAfterIt) {
  Parts p;
  const TensorId wrong = p.b.matmul(p.w, p.wide);
  EXPECT_EQ(wrong, no_tensor);
  EXPECT_EQ(p.b.add(p.x, p.x), no_tensor);
  EXPECT_EQ(p.b.weight("late", FormatId::f32, row(4)), no_tensor);
  p.b.output(wrong, "result");
  EXPECT_TRUE(p.b.desc(wrong).name.empty());
  const auto graph = std::move(p.b).finish();
  ASSERT_FALSE(graph);
  EXPECT_NE(graph.error().message.find("matmul"), std::string::npos) << graph.error().message;
}

TEST(GraphBuilder, ResultsHaveTheShapesOfTheirRules) {
  Parts p;
  const auto shape = [&](TensorId id) { return text(p.b.desc(id)); };
  EXPECT_EQ(shape(p.b.get_rows(p.x, p.ids)), "f32 [tokens 8, 64]");
  EXPECT_EQ(shape(p.b.matmul(p.w, p.few)), "f32 [outputs 8, 32]");
  EXPECT_EQ(shape(p.b.expert_matmul(p.experts, p.x, p.slots)), "f32 [tokens 8, 64]");
  EXPECT_EQ(shape(p.b.top_experts(p.x, 3)), "i32 [tokens 8, 3]");
  EXPECT_EQ(shape(p.b.expert_weights(p.x, p.slots, true)), "f32 [tokens 8, 2]");
  EXPECT_EQ(shape(p.b.expert_sum(p.x, p.b.expert_weights(p.x, p.slots, true))), "f32 [tokens 8, 32]");
  EXPECT_EQ(shape(p.b.rms_norm(p.x, p.short_norm, 0)), "f32 [tokens 8, 64]");
  EXPECT_EQ(shape(p.b.pool(p.x, Pooling::cls)), "f32 [1, 64]");
  EXPECT_EQ(shape(p.b.attention(p.x, p.k, p.v, p.ids, heads)), "f32 [tokens 8, 64]");
  ASSERT_TRUE(std::move(p.b).finish());
}

TEST(GraphBuilder, StoringReturnsTheStateItself) {
  Parts p;
  const TensorId narrow = p.b.matmul(p.w, p.x);
  EXPECT_EQ(p.b.store_rows(narrow, p.k, p.ids), p.k);
  const Graph graph = std::move(p.b).finish().value();
  EXPECT_EQ(graph.nodes().back().output, p.k);
  EXPECT_EQ(graph.nodes().back().used_inputs().size(), 3u);
}

TEST(Graph, FindsTensorsByNameAndOutputsByTheirs) {
  Parts p;
  const TensorId y = p.b.silu(p.x);
  p.b.output(y, "result");
  const Graph graph = std::move(p.b).finish().value();
  EXPECT_EQ(graph.find("result"), y);
  EXPECT_EQ(graph.find("w"), p.w);
  EXPECT_EQ(graph.find("nothing"), no_tensor);
  ASSERT_EQ(graph.outputs().size(), 1u);
  EXPECT_EQ(graph.outputs()[0], y);
}

TEST(Graph, TellsWhoReadsAWeightAndABiasFromAMatrix) {
  Parts p;
  const TensorId table = p.b.weight("table", FormatId::f16, matrix(10, 64));
  const TensorId bias = p.b.weight("bias", FormatId::f32, row(32));
  const TensorId one_row = p.b.weight("one_row", FormatId::f32, row(64));
  p.b.get_rows(table, p.ids);
  p.b.matmul(p.w, p.b.rms_norm(p.x, p.norm, 1e-5f), bias);
  p.b.matmul(one_row, p.x);
  p.b.expert_matmul(p.experts, p.x, p.slots);
  const Graph graph = std::move(p.b).finish().value();
  EXPECT_EQ(graph.use(table), Op::get_rows);
  EXPECT_EQ(graph.use(p.w), Op::matmul);
  EXPECT_EQ(graph.use(bias), Op::add);
  EXPECT_EQ(graph.use(one_row), Op::matmul);
  EXPECT_EQ(graph.use(p.experts), Op::expert_matmul);
  EXPECT_EQ(graph.use(p.norm), Op::rms_norm);
  EXPECT_EQ(graph.use(p.odd), std::nullopt);
  EXPECT_EQ(graph.use(p.x), std::nullopt);
  EXPECT_EQ(graph.use(no_tensor), std::nullopt);
}

TEST(Graph, AWeightReadInTwoWaysIsRefusedWhenFinished) {
  expect_refused({
      {[](Parts& p) { p.b.get_rows(p.w, p.ids), p.b.matmul(p.w, p.x); }, {"'w'", "a table", "matmul", "a matrix"}},
      {[](Parts& p) { p.b.matmul(p.norm, p.x), p.b.rms_norm(p.x, p.norm, 0); }, {"'norm'", "a matrix", "rms_norm", "plain rows"}},
  });
  Parts p;  // the same way twice, or plainly by several operations, is one use
  p.b.matmul(p.w, p.x);
  p.b.matmul(p.w, p.few);
  p.b.rms_norm(p.x, p.norm, 0);
  p.b.mul(p.x, p.norm);
  EXPECT_TRUE(std::move(p.b).finish());
}

TEST(Op, EveryMemberHasANameOfItsOwn) {
  std::vector<std::string_view> expected = {
#define ABI_OP(name) #name,
#include <abi/compute/ops.def>
#undef ABI_OP
  };
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(name(static_cast<Op>(i)), expected[i]);
  EXPECT_EQ(name(static_cast<Op>(250)), "unknown");
}

}  // namespace
