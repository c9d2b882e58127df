#include "parity/bounds.hpp"

#include <algorithm>
#include <cmath>

namespace libabi::parity {

namespace {

using compute::AttentionAttributes;

/// Scores are off by the error of their dot product, e^score by so much in proportion; then a sum over cells of values.
double head_bound(const Element& e, TensorId q, TensorId k, TensorId v, const AttentionAttributes& a, FormatId k_format) {
  const std::vector<double> query = e.operands[q].row(e.row);
  const auto dim = static_cast<std::size_t>(a.head_dim);
  const auto head = static_cast<std::size_t>(e.column / a.value_dim);
  const auto shared = head / static_cast<std::size_t>(a.heads / a.kv_heads);
  double score = 0, values = 0;
  for (std::int64_t s = 0; s < e.operands[k].rows(); ++s) {
    const std::vector<double> key = e.operands[k].row(s);
    // q is rounded in blocks from the start of its head.
    score = std::max(score,
                     dot_bound(k_format, std::span(key).subspan(shared * dim, dim), std::span(query).subspan(head * dim, dim)));
    values = std::max(values, greatest(e.operands[v].row(s)));
  }
  const auto cells = static_cast<double>(e.operands[k].rows());
  return (std::expm1(2 * (a.scale * score + 16 * u)) + (cells + 32) * u) * values;
}

Bound weighted_sum_bound(TensorId q, TensorId k, TensorId v, const AttentionAttributes& a, FormatId k_format) {
  // Elements come in order, so that one bound serves the columns of a head.
  return [=, bound = 0.0](const Element& e) mutable {
    if (e.column % a.value_dim == 0) bound = head_bound(e, q, k, v, a, k_format);
    return bound;
  };
}

std::string shape_text(const AttentionAttributes& a) {
  return format("{}/{} heads of {} and {}{}", a.heads, a.kv_heads, a.head_dim, a.value_dim, a.causal ? ", causal" : "");
}

/// Over the tokens of the run themselves.
void over_activations(Cases& cases, const AttentionAttributes& a, std::int64_t tokens) {
  CaseBuilder b(cases.random, tokens + 1);
  const TensorId q = b.reals(a.heads * a.head_dim, {-2, 2});
  const TensorId k = b.reals(a.kv_heads * a.head_dim, {-2, 2});
  const TensorId v = b.reals(a.kv_heads * a.value_dim);
  const TensorId positions =
      b.integers(1, [](const RunShape&, std::int64_t row, std::int64_t) { return static_cast<std::int32_t>(row); });
  cases.out.push_back(b.finish(Op::attention, format("{} over {} tokens", shape_text(a), tokens),
                               b.graph.attention(q, k, v, positions, a), {{.tokens = tokens}},
                               weighted_sum_bound(q, k, v, a, FormatId::f32)));
}

struct CacheFormats {
  FormatId k, v;
};

/// Over a cache: a prompt, more of it, then tokens one by one, and a run that looks at more cells than it may see.
void over_cache(Cases& cases, const AttentionAttributes& a, CacheFormats formats, std::int64_t prompt) {
  CaseBuilder b(cases.random, prompt);
  const std::int64_t context = prompt * 2 + 8;
  const TensorId k = b.state(formats.k, {.rows = context, .columns = a.kv_heads * a.head_dim});
  const TensorId v = b.state(formats.v, {.rows = context, .columns = a.kv_heads * a.value_dim});
  const TensorId positions = b.integers(1, last_positions);
  const TensorId q = b.reals(a.heads * a.head_dim, {-2, 2});
  // What the formats hold exactly, so that all encoders store the same.
  b.graph.store_rows(b.representable(formats.k, a.kv_heads * a.head_dim), k, positions);
  b.graph.store_rows(b.representable(formats.v, a.kv_heads * a.value_dim), v, positions);
  const std::vector<RunShape> runs = {{.tokens = prompt, .cached = prompt},
                                      {.tokens = 2, .cached = prompt + 2},
                                      {.tokens = 1, .cached = prompt + 3},
                                      {.tokens = 0, .cached = prompt + 3},
                                      {.tokens = prompt, .cached = prompt * 2 + 3}};
  const TensorId y = b.graph.attention(q, k, v, positions, a);
  cases.out.push_back(b.finish(
      Op::attention, format("{} over {}/{} after {}", shape_text(a), format_name(formats.k), format_name(formats.v), prompt), y,
      runs, weighted_sum_bound(q, k, v, a, formats.k)));
}

}  // namespace

void cases::attention(Cases& cases) {
  for (const bool causal : {false, true})
    for (const std::int64_t tokens : {0, 1, 2, 17, 33}) {
      over_activations(cases, {.heads = 4, .kv_heads = 4, .head_dim = 16, .value_dim = 16, .scale = 0.25f, .causal = causal},
                       tokens);
      over_activations(cases, {.heads = 6, .kv_heads = 2, .head_dim = 7, .value_dim = 5, .scale = 0.4f, .causal = causal},
                       tokens);
    }
  for (const FormatId format : real_formats())
    for (const std::int64_t prompt : {2, 5, 37}) {
      over_cache(cases, {.heads = 4, .kv_heads = 2, .head_dim = 32, .value_dim = 32, .scale = 0.17f}, {format, format}, prompt);
      over_cache(cases, {.heads = 3, .kv_heads = 1, .head_dim = 64, .value_dim = 32, .scale = 0.125f}, {FormatId::f16, format},
                 prompt);
      over_cache(cases, {.heads = 2, .kv_heads = 2, .head_dim = 96, .value_dim = 64, .scale = 0.1f, .causal = false},
                 {format, FormatId::f32}, prompt);
    }
  over_cache(cases, {.heads = 2, .kv_heads = 1, .head_dim = 24, .value_dim = 24, .scale = 0.2f}, {FormatId::f16, FormatId::f16},
             150);
}

}  // namespace libabi::parity
