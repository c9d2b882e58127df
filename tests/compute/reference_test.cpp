// The scalar references against numbers that were worked out by hand or by another formula.

#include <gtest/gtest.h>

#include <abi/compute/reference.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <map>
#include <numbers>

namespace {

using namespace libabi;
using namespace libabi::compute;
using quant::FormatId;
using Values = std::vector<double>;

constexpr Shape tokens(std::int64_t columns) { return {.rows = 8, .columns = columns, .dynamic = Rows::tokens}; }

/// A graph of one operation over tensors whose values are given as doubles.
class OneOp {
 public:
  GraphBuilder b;
  TensorId input(std::int64_t columns, Values values) {
    return keep(b.input(next(), FormatId::f32, tokens(columns)), std::move(values));
  }
  TensorId ids(std::int64_t columns, Values values) {
    return keep(b.input(next(), FormatId::i32, tokens(columns)), std::move(values));
  }
  TensorId weight(const Shape& shape, Values values) { return keep(b.weight(next(), FormatId::f32, shape), std::move(values)); }
  TensorId state(const Shape& shape, Values values) { return keep(b.state(next(), FormatId::f32, shape), std::move(values)); }

  Result<Values> run(TensorId result, const RunShape& shape) {
    ABI_TRY(const Graph graph, std::move(b).finish());
    std::vector<Operand> operands;
    for (TensorId id = 0; id < graph.tensors().size(); ++id) {
      Shape rows = graph.tensor(id).shape;
      rows.rows = rows_of(rows, shape);
      Values& v = values_[id];
      v.resize(static_cast<std::size_t>(std::max<std::int64_t>(1, rows.planes * rows.rows * rows.columns)));
      operands.push_back(Operand::writable(rows, v.data()));
    }
    ABI_TRY(reference_run(graph, operands, shape));
    return values_[result];
  }

 private:
  std::string next() { return format("t{}", count_++); }
  TensorId keep(TensorId id, Values values) {
    values_[id] = std::move(values);
    return id;
  }
  int count_ = 0;
  std::map<TensorId, Values> values_;
};

void expect_near(const Result<Values>& found, const Values& expected, double within = 1e-12) {
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR((*found)[i], expected[i], within) << "element " << i;
}

TEST(Reference, ElementwiseOperationsFollowTheirFormulas) {
  const Values x = {-2, 0, 1, 3};
  {
    OneOp o;
    expect_near(o.run(o.b.silu(o.input(4, x)), {.tokens = 1}), {-0.2384058440442351, 0, 0.7310585786300049, 2.8577223804673});
  }
  {
    OneOp o;
    expect_near(o.run(o.b.gelu(o.input(4, x)), {.tokens = 1}), {-0.04540230591222494, 0, 0.8411919906082768, 2.996362607918227});
  }
  {
    OneOp o;
    expect_near(o.run(o.b.tanh(o.input(4, x)), {.tokens = 1}), {-0.9640275800758169, 0, 0.7615941559557649, 0.9950547536867305});
  }
  {
    OneOp o;
    const TensorId gate = o.input(4, x);
    expect_near(o.run(o.b.swiglu(gate, o.input(4, {1, 5, 2, -1})), {.tokens = 1}),
                {-0.2384058440442351, 0, 1.4621171572600098, -2.8577223804673});
  }
  {
    OneOp o;
    expect_near(o.run(o.b.scale(o.input(4, x), 0.5f), {.tokens = 1}), {-1, 0, 0.5, 1.5});
  }
}

TEST(Reference, SumsAndProductsTakeARowForAll) {
  OneOp o;
  const TensorId a = o.input(2, {1, 2, 3, 4});
  const TensorId sum = o.b.add(a, o.weight({.columns = 2}, {10, 20}));
  expect_near(o.run(o.b.mul(sum, a), {.tokens = 2}), {11, 44, 39, 96});
}

TEST(Reference, ProductsOfMatrices) {
  OneOp o;
  const TensorId w = o.weight({.rows = 3, .columns = 2}, {1, 2, 3, 4, 5, 6});
  const TensorId bias = o.weight({.columns = 3}, {100, 200, 300});
  const TensorId x = o.input(2, {1, 0, 1, -1});
  expect_near(o.run(o.b.matmul(w, x, bias), {.tokens = 2}), {101, 203, 305, 99, 199, 299});
}

TEST(Reference, ExpertsAreChosenWeighedAndSummed) {
  OneOp o;
  const TensorId logits = o.input(3, {std::log(2.0), std::log(5.0), std::log(3.0)});
  const TensorId ids = o.b.top_experts(logits, 2);
  const TensorId weights = o.b.expert_weights(logits, ids, true);  // 5/8 and 3/8
  const TensorId w = o.weight({.planes = 3, .rows = 1, .columns = 2}, {1, 1, 1, 0, 0, 1});
  const TensorId y = o.b.expert_matmul(w, o.input(2, {16, 32}), ids);  // expert 1: 16, expert 2: 32
  expect_near(o.run(o.b.expert_sum(y, weights), {.tokens = 1}), {16 * 0.625 + 32 * 0.375});
}

TEST(Reference, ExpertWeightsWithoutNormalisationAreThoseOfTheWholeSoftmax) {
  OneOp o;
  const TensorId logits = o.input(3, {std::log(2.0), std::log(5.0), std::log(3.0)});
  expect_near(o.run(o.b.expert_weights(logits, o.ids(2, {2, 0}), false), {.tokens = 1}), {0.3, 0.2});
}

TEST(Reference, EqualExpertsGoToTheLowerIndex) {
  OneOp o;
  expect_near(o.run(o.b.top_experts(o.input(4, {1, 7, 7, 1}), 3), {.tokens = 1}), {1, 2, 0});
}

TEST(Reference, EachExpertSlotMayHaveItsOwnRow) {
  OneOp o;
  const TensorId w = o.weight({.planes = 2, .rows = 1, .columns = 1}, {10, 1000});
  expect_near(o.run(o.b.expert_matmul(w, o.input(2, {1, 2}), o.ids(2, {1, 0})), {.tokens = 1}), {1000, 20});
}

TEST(Reference, NormsFollowTheirFormulas) {
  {
    OneOp o;
    const TensorId w = o.weight({.columns = 2}, {1, 2});
    // Two heads: (3, 4) has the root mean square 5 / sqrt 2, (6, 8) twice that.
    const double r = std::numbers::sqrt2 / 5;
    expect_near(o.run(o.b.rms_norm(o.input(4, {3, 4, 6, 8}), w, 0), {.tokens = 1}), {3 * r, 8 * r, 3 * r, 8 * r});
  }
  {
    OneOp o;
    const TensorId w = o.weight({.columns = 2}, {1, 2});
    const TensorId bias = o.weight({.columns = 2}, {10, 20});
    expect_near(o.run(o.b.layer_norm(o.input(2, {1, 3}), w, bias, 3), {.tokens = 1}), {10 - 0.5, 20 + 1.0});
  }
}

TEST(Reference, PoolingTakesTheMeanTheFirstOrTheLastRow) {
  const auto pooled = [](Pooling pooling, std::int64_t rows) {
    OneOp o;
    return o.run(o.b.pool(o.input(2, {1, 2, 3, 6, 5, 1}), pooling), {.tokens = rows});
  };
  expect_near(pooled(Pooling::mean, 3), {3, 3});
  expect_near(pooled(Pooling::cls, 3), {1, 2});
  expect_near(pooled(Pooling::last, 3), {5, 1});
  expect_near(pooled(Pooling::mean, 0), {0, 0});
  expect_near(pooled(Pooling::last, 0), {0, 0});
}

TEST(Reference, AttentionSeesTheCellsUpToItsPosition) {
  // Equal keys: the mean of the values that are seen.
  OneOp o;
  const TensorId k = o.state({.rows = 5, .columns = 1}, {0, 0, 0, 0, 0});
  const TensorId v = o.state({.rows = 5, .columns = 1}, {1, 3, 8, 100, 1000});
  const TensorId q = o.input(1, {1, 1, 1, 1});
  const AttentionAttributes a{.heads = 1, .kv_heads = 1, .head_dim = 1, .value_dim = 1};
  expect_near(o.run(o.b.attention(q, k, v, o.ids(1, {0, 1, 2, 4}), a), {.tokens = 4, .cached = 3}), {1, 2, 4, 4});
}

TEST(Reference, AttentionOverActivationsWeighsByTheSoftmaxOfScaledProducts) {
  OneOp o;
  const double ln3 = std::log(3.0);
  const TensorId q = o.input(2, {2, 0, 4, -2});  // two heads of one column, sharing k and v
  const TensorId k = o.input(1, {0, ln3});
  const TensorId v = o.input(2, {1, 10, 5, 50});
  const AttentionAttributes a{.heads = 2, .kv_heads = 1, .head_dim = 1, .value_dim = 2, .scale = 0.5f, .causal = false};
  // Scores of row 0: (0, ln 3) and (0, 0); of row 1: (0, 2 ln 3) and (0, -ln 3).
  expect_near(o.run(o.b.attention(q, k, v, o.ids(1, {0, 1}), a), {.tokens = 2}), {4, 40, 3, 30, 4.6, 46, 2, 20});
}

TEST(Reference, StoringRoundsToTheFormatOfTheStateAndReadsBack) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, tokens(1));
  const TensorId cells = b.input("cells", FormatId::i32, tokens(1));
  const TensorId state = b.state("s", FormatId::f16, {.rows = 3, .columns = 1});
  b.output(b.get_rows(b.store_rows(x, state, cells), cells), "result");
  const Graph graph = std::move(b).finish().value();
  const float values[] = {1.0f / 3, 70};
  const std::int32_t into[] = {2, 0};
  std::byte kept[6]{};
  double read[2] = {};
  std::vector<Operand> operands(graph.tensors().size());
  operands[x] = Operand::readable(FormatId::f32, {.rows = 2, .columns = 1}, reinterpret_cast<const std::byte*>(values));
  operands[cells] = Operand::readable(FormatId::i32, {.rows = 2, .columns = 1}, reinterpret_cast<const std::byte*>(into));
  operands[state] = Operand::writable(FormatId::f16, {.rows = 3, .columns = 1}, kept);
  operands[graph.find("result")] = Operand::writable({.rows = 2, .columns = 1}, read);
  ASSERT_TRUE(reference_run(graph, operands, {.tokens = 2}));
  EXPECT_EQ(read[0], 0.333251953125);  // the f16 nearest to a third
  EXPECT_EQ(read[1], 70);
  EXPECT_EQ(Operand(operands[state]).row(1), Values{0});
}

TEST(Reference, OneThatIsOutOfRangeIsAnErrorThatNamesIt) {
  OneOp o;
  const TensorId table = o.weight({.rows = 3, .columns = 1}, {1, 2, 3});
  const auto y = o.run(o.b.get_rows(table, o.ids(1, {0, 3})), {.tokens = 2});
  ASSERT_FALSE(y);
  EXPECT_EQ(y.error().code, ErrorCode::out_of_range);
  EXPECT_EQ(y.error().message, "get_rows: id 3 of row 1 is outside 0 to 2");
}

/// Pair (1, 0) of a head of two after a rotation: the angle and the length.
std::complex<double> turned(const RopeAttributes& a, int pair, double position, double factor = 0) {
  OneOp o;
  Values x(static_cast<std::size_t>(a.head_dim), 0.0);
  const auto first = static_cast<std::size_t>(a.neox ? pair : 2 * pair);
  const auto second = static_cast<std::size_t>(a.neox ? pair + a.rotary_dim / 2 : 2 * pair + 1);
  x[first] = 1;
  const TensorId in = o.input(a.head_dim, x);
  const TensorId factors =
      factor > 0 ? o.weight({.columns = a.rotary_dim / 2}, Values(static_cast<std::size_t>(a.rotary_dim / 2), factor))
                 : no_tensor;
  const auto y = o.run(o.b.rope(in, o.ids(1, {position}), a, factors), {.tokens = 1});
  EXPECT_TRUE(y) << (y ? "" : y.error().text());
  double rest = 0;
  for (std::size_t i = 0; i < y->size(); ++i)
    if (i != first && i != second) rest += std::abs((*y)[i]);
  EXPECT_EQ(rest, 0);
  return {(*y)[first], (*y)[second]};
}

void expect_turn(std::complex<double> found, double angle, double length = 1) {
  const std::complex<double> expected = std::polar(length, angle);
  EXPECT_NEAR(found.real(), expected.real(), 1e-9);
  EXPECT_NEAR(found.imag(), expected.imag(), 1e-9);
}

TEST(Reference, RotationsTurnEachPairByItsFrequency) {
  for (const bool neox : {false, true}) {
    const RopeAttributes a{.head_dim = 8, .rotary_dim = 4, .neox = neox, .base = 10000};
    expect_turn(turned(a, 0, 3), 3);
    expect_turn(turned(a, 1, 3), 3 * 0.01);
    expect_turn(turned(a, 1, 3, 4), 3 * 0.01 / 4);
    RopeAttributes linear = a;
    linear.frequency_scale = 0.5f;
    linear.attention_factor = 2;
    expect_turn(turned(linear, 0, 3), 1.5, 2);
  }
}

TEST(Reference, ColumnsPastTheRotaryDimensionStay) {
  OneOp o;
  const TensorId x = o.input(3, {1, 0, 7, 1, 0, 9});
  const auto y = o.run(o.b.rope(x, o.ids(1, {0, 5}), {.head_dim = 3, .rotary_dim = 2}), {.tokens = 2});
  expect_near(y, {1, 0, 7, std::cos(5.0), std::sin(5.0), 9});
}

TEST(Reference, YarnKeepsFastPairsAndInterpolatesSlowOnes) {
  // 64 pairs of base 10000 and a context of 4096: beta 32 turns falls on pair 20.96, beta 1 on pair 45.03, so the ramp goes
  // from 20 to 46 (Peng et al., 2023, equations 17 to 23).
  const RopeAttributes a{.head_dim = 128, .rotary_dim = 128, .frequency_scale = 0.25f, .extension = 1, .original_context = 4096};
  const double length = 1 + 0.1 * std::log(4.0);
  const auto own = [](int pair) { return 100 * std::pow(10000.0, -pair / 64.0); };
  expect_turn(turned(a, 0, 100), own(0), length);
  expect_turn(turned(a, 20, 100), own(20), length);
  expect_turn(turned(a, 46, 100), own(46) / 4, length);
  expect_turn(turned(a, 63, 100), own(63) / 4, length);
  expect_turn(turned(a, 33, 100), own(33) * (0.25 * 0.5 + 1 * 0.5), length);  // half way
  RopeAttributes half = a;
  half.extension = 0.5f;
  expect_turn(turned(half, 20, 100), own(20) * (0.25 * 0.5 + 0.5), length);
}

}  // namespace
