// Attention over long contexts, every cache format and heads of every kind, against the reference.
#include "rig.hpp"

#include <gtest/gtest.h>

#include <abi/compute/reference.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace libabi::backends::cpu::test {
namespace {

struct Cached {
  compute::AttentionAttributes attributes;
  FormatId k = FormatId::f16, v = FormatId::f16;
  std::int64_t context = 0;
  std::int64_t batch = 0;
};

Graph graph_of(const Cached& s) {
  const auto& a = s.attributes;
  GraphBuilder b;
  const auto rows = [&](std::int64_t columns) { return Shape{.rows = s.batch, .columns = columns, .dynamic = Rows::tokens}; };
  const TensorId positions = b.input("positions", FormatId::i32, rows(1));
  const TensorId q = b.input("q", FormatId::f32, rows(a.heads * a.head_dim));
  const TensorId k = b.store_rows(b.input("k", FormatId::f32, rows(a.kv_heads * a.head_dim)),
                                  b.state("cache.k", s.k, {.rows = s.context, .columns = a.kv_heads * a.head_dim}), positions);
  const TensorId v = b.store_rows(b.input("v", FormatId::f32, rows(a.kv_heads * a.value_dim)),
                                  b.state("cache.v", s.v, {.rows = s.context, .columns = a.kv_heads * a.value_dim}), positions);
  b.output(b.attention(q, k, v, positions, a), "y");
  return take(std::move(b).finish());
}

struct Inputs {
  std::vector<float> q, k, v;
};

Inputs random_inputs(std::mt19937& random, const Cached& s, std::size_t tokens) {
  const auto& a = s.attributes;
  return {random_floats(random, tokens * static_cast<std::size_t>(a.heads * a.head_dim)),
          random_floats(random, tokens * static_cast<std::size_t>(a.kv_heads * a.head_dim)),
          random_floats(random, tokens * static_cast<std::size_t>(a.kv_heads * a.value_dim))};
}

std::vector<float> part(const std::vector<float>& all, std::size_t row, std::size_t first, std::size_t count) {
  return {all.begin() + static_cast<std::ptrdiff_t>(first * row),
          all.begin() + static_cast<std::ptrdiff_t>((first + count) * row)};
}

/// Runs tokens in the given batches; the result of all of them.
std::vector<float> attended(Rig& rig, const Cached& s, const Inputs& in, const std::vector<std::size_t>& batches) {
  const auto& a = s.attributes;
  const auto q_row = static_cast<std::size_t>(a.heads * a.head_dim), k_row = static_cast<std::size_t>(a.kv_heads * a.head_dim),
             v_row = static_cast<std::size_t>(a.kv_heads * a.value_dim), y_row = static_cast<std::size_t>(a.heads * a.value_dim);
  std::vector<float> out;
  std::size_t first = 0;
  for (const std::size_t count : batches) {
    rig.fill("q", part(in.q, q_row, first, count));
    rig.fill("k", part(in.k, k_row, first, count));
    rig.fill("v", part(in.v, v_row, first, count));
    std::vector<std::int32_t> positions(count);
    for (std::size_t i = 0; i < count; ++i) positions[i] = static_cast<std::int32_t>(first + i);
    rig.fill("positions", positions);
    first += count;
    take(rig.run({.tokens = static_cast<std::int64_t>(count), .cached = static_cast<std::int64_t>(first)}));
    const auto y = rig.output("y", count * y_row);
    out.insert(out.end(), y.begin(), y.end());
  }
  return out;
}

std::vector<double> decoded_row(const Bytes& state, FormatId id, std::size_t row, std::size_t columns) {
  const quant::Format& format = quant::format(id);
  std::vector<float> out(columns);
  format.decode(&state[row * columns / format.block_length * format.block_bytes], out.data(), columns);
  return {out.begin(), out.end()};
}

/// The formula, for the query of one token over the cells as they are stored.
std::vector<double> expected_row(const Rig& rig, const Cached& s, const Inputs& in, std::size_t token) {
  const auto& a = s.attributes;
  const auto dim = static_cast<std::size_t>(a.head_dim), value_dim = static_cast<std::size_t>(a.value_dim),
             heads = static_cast<std::size_t>(a.heads), kv_heads = static_cast<std::size_t>(a.kv_heads);
  const Bytes ks = rig.state("cache.k"), vs = rig.state("cache.v");
  std::vector<double> out(heads * value_dim);
  std::vector<std::vector<double>> keys, values;
  for (std::size_t c = 0; c <= token; ++c) {
    keys.push_back(decoded_row(ks, s.k, c, kv_heads * dim));
    values.push_back(decoded_row(vs, s.v, c, kv_heads * value_dim));
  }
  for (std::size_t h = 0; h < heads; ++h) {
    const std::size_t kv = h / (heads / kv_heads);
    std::vector<double> p(token + 1);
    double most = -std::numeric_limits<double>::infinity(), total = 0;
    for (std::size_t c = 0; c <= token; ++c) {
      for (std::size_t d = 0; d < dim; ++d)
        p[c] += static_cast<double>(in.q[(token * heads + h) * dim + d]) * keys[c][kv * dim + d];
      most = std::max(most, p[c] *= a.scale);
    }
    for (double& x : p) total += x = std::exp(x - most);
    for (std::size_t c = 0; c <= token; ++c)
      for (std::size_t d = 0; d < value_dim; ++d) out[h * value_dim + d] += p[c] / total * values[c][kv * value_dim + d];
  }
  return out;
}

void expect_rows(const Rig& rig, const Cached& s, const Inputs& in, const std::vector<float>& found,
                 const std::vector<std::size_t>& tokens) {
  const auto row = static_cast<std::size_t>(s.attributes.heads * s.attributes.value_dim);
  for (const std::size_t token : tokens) {
    const auto expected = expected_row(rig, s, in, token);
    for (std::size_t i = 0; i < row; ++i)
      ASSERT_NEAR(found[token * row + i], expected[i], 2e-5) << "token " << token << ", column " << i;
  }
}

TEST(CpuAttention, IsRightOverALongContextInEveryCacheFormat) {
  std::mt19937 random(seed());
  for (const FormatId format : real_formats()) {
    const Cached s{.attributes = {.heads = 8, .kv_heads = 2, .head_dim = 64, .value_dim = 64, .scale = 0.125f},
                   .k = format,
                   .v = format,
                   .context = 1500,
                   .batch = 256};
    SCOPED_TRACE(std::string(quant::format(format).name));
    const Graph graph = graph_of(s);
    const Inputs in = random_inputs(random, s, 1500);
    Rig rig(graph, {}, best_tables(), {.threads = 2});
    const auto found = attended(rig, s, in, {256, 256, 256, 256, 256, 219, 1});
    expect_rows(rig, s, in, found, {0, 63, 64, 255, 700, 1498, 1499});
  }
}

TEST(CpuAttention, HeadsOfEveryShapeAreRightAndTheSameInAnyCut) {
  std::mt19937 random(seed());
  const std::vector<compute::AttentionAttributes> shapes = {
      {.heads = 4, .kv_heads = 4, .head_dim = 40, .value_dim = 24, .scale = 0.2f},   // not whole vectors
      {.heads = 3, .kv_heads = 1, .head_dim = 80, .value_dim = 80, .scale = 0.1f},   // heads that begin within blocks
      {.heads = 8, .kv_heads = 1, .head_dim = 32, .value_dim = 32, .scale = 0.2f},   // all heads share their keys
      {.heads = 80, .kv_heads = 1, .head_dim = 16, .value_dim = 16, .scale = 0.2f},  // more than an item takes
      {.heads = 2, .kv_heads = 2, .head_dim = 256, .value_dim = 128, .scale = 0.06f}};
  for (const simd::Isa isa : simd::runnable_isas())
    for (const auto& a : shapes)
      for (const FormatId format : {FormatId::f16, FormatId::q8_0}) {
        if (a.kv_heads * a.head_dim % quant::format(format).block_length != 0 ||
            a.kv_heads * a.value_dim % quant::format(format).block_length != 0)
          continue;
        const Cached s{.attributes = a, .k = format, .v = format, .context = 150, .batch = 100};
        SCOPED_TRACE(libabi::format("{}, {} heads of {}", name(isa), a.heads, a.head_dim));
        const Graph graph = graph_of(s);
        const Inputs in = random_inputs(random, s, 150);
        Rig rig(graph, {}, tables_for(isa), {.threads = 1});
        const auto found = attended(rig, s, in, {100, 50});
        expect_rows(rig, s, in, found, {0, 1, 62, 99, 149});
        for (const unsigned threads : {2u, 3u}) {
          Rig other(graph, {}, tables_for(isa), {.threads = threads});
          ASSERT_EQ(attended(other, s, in, {7, 1, 56, 1, 1, 64, 20}), found) << threads << " threads";
        }
      }
}

TEST(CpuAttention, CellsThatAQueryDoesNotSeeMayHoldAnything) {
  std::mt19937 random(seed());
  const Cached s{.attributes = {.heads = 4, .kv_heads = 2, .head_dim = 32, .value_dim = 32, .scale = 0.2f},
                 .k = FormatId::f32,
                 .v = FormatId::f32,
                 .context = 80,
                 .batch = 80};
  const Graph graph = graph_of(s);
  Inputs in = random_inputs(random, s, 80);
  Rig clean(graph, {}, best_tables(), {.threads = 2});
  const auto expected = attended(clean, s, in, {80});
  // The last three tokens store what is not a number; those before them are in the same tile and the same run.
  for (std::size_t i = 77 * 64; i < 80 * 64; ++i) in.k[i] = in.v[i] = std::numeric_limits<float>::quiet_NaN();
  Rig rig(graph, {}, best_tables(), {.threads = 2});
  const auto found = attended(rig, s, in, {80});
  const std::size_t row = 4 * 32;
  EXPECT_TRUE(std::equal(expected.begin(), expected.begin() + 77 * row, found.begin()));
  EXPECT_TRUE(std::all_of(found.begin() + 77 * row, found.end(), [](float y) { return std::isnan(y); }));
}

}  // namespace
}  // namespace libabi::backends::cpu::test
