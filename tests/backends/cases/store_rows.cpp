#include "parity/bounds.hpp"

namespace libabi::parity {

namespace {

/// Cells in another order than rows, moved along from run to run.
std::int32_t scattered(const RunShape& run, std::int64_t row, std::int64_t) {
  return static_cast<std::int32_t>((run.cached + row * 7) % 23);
}

/// Stores rows over several runs, of which the later overwrite some, and reads other cells after each.
void stored(Cases& cases, FormatId format, std::int64_t columns, bool representable) {
  CaseBuilder b(cases.random, 5);
  const TensorId state = b.state(format, {.rows = 23, .columns = columns});
  const TensorId source = representable ? b.representable(format, columns) : b.reals(columns);
  const TensorId after = b.graph.store_rows(source, state, b.integers(1, scattered));
  const TensorId read = b.graph.get_rows(after, b.integers_below(1, 23));
  const std::string label =
      libabi::format("{} [23, {}]{}", format_name(format), columns, representable ? ", values that it holds" : "");
  // Two encoders may choose neighbouring values; what a format holds exactly comes back but for the product of decoding.
  const double bound = representable ? 8 * u : format_step(format, 1) + 8 * u;
  cases.out.push_back(
      b.finish(Op::store_rows, label, read,
               {{.tokens = 5, .cached = 0}, {.tokens = 1, .cached = 3}, {.tokens = 0}, {.tokens = 4, .cached = 1}},
               [=](const Element&) { return bound; }));
}

/// Stores rows and reads their mean: attention whose keys are all zero.
void averaged(Cases& cases, FormatId format, std::int64_t columns) {
  CaseBuilder b(cases.random, 6);
  const TensorId k = b.state(FormatId::f32, {.rows = 9, .columns = columns});
  const TensorId v = b.state(format, {.rows = 9, .columns = columns});
  const TensorId positions = b.integers(1, last_positions);
  b.graph.store_rows(b.reals(columns), v, positions);
  const auto dim = static_cast<std::int32_t>(columns);
  const TensorId read = b.graph.attention(b.reals(columns), k, v, positions,
                                          {.heads = 1, .kv_heads = 1, .head_dim = dim, .value_dim = dim, .causal = false});
  const double bound = format_step(format, 1) + 32 * u;
  cases.out.push_back(
      b.finish(Op::store_rows, libabi::format("{} [9, {}], the mean of cells", format_name(format), columns), read,
               {{.tokens = 6, .cached = 6}, {.tokens = 1, .cached = 7}, {.tokens = 2, .cached = 9}, {.tokens = 5, .cached = 5}},
               [=](const Element&) { return bound; }));
}

}  // namespace

void cases::store_rows(Cases& cases) {
  for (const FormatId format : real_formats()) {
    const bool blocks = quant::format(format).block_length > 1;
    for (const std::int64_t columns :
         blocks ? std::vector<std::int64_t>{32, 96, 288} : std::vector<std::int64_t>{1, 15, 16, 17, 257})
      for (const bool representable : {true, false}) stored(cases, format, columns, representable);
    averaged(cases, format, 32);
    averaged(cases, format, 128);
  }
}

}  // namespace libabi::parity
