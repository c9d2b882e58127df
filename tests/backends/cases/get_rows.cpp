#include "parity/bounds.hpp"

namespace libabi::parity {

namespace {

/// Decoding is a product and perhaps a sum; the offset of a block may be as large as its greatest element, twice over.
double decode_bound(const Element& e) {
  const double row_greatest = 1;  // of the values that weights are made of
  return e.expected == 0 ? 2 * u : 4 * u * std::max(std::abs(e.expected), row_greatest);
}

void tables(Cases& cases, FormatId format) {
  const bool exact = quant::format(format).block_length == 1;
  const std::vector<std::int64_t> lengths =
      exact ? std::vector<std::int64_t>{1, 15, 16, 17, 257} : std::vector<std::int64_t>{32, 96, 1056};
  for (const std::int64_t columns : lengths)
    for (const std::int64_t tokens : {0, 1, 4, 9}) {
      CaseBuilder b(cases.random, 9);
      const TensorId table = b.weight(format, {.rows = 21, .columns = columns});
      const TensorId y = b.graph.get_rows(table, b.integers_below(1, 21));
      cases.out.push_back(b.finish(Op::get_rows, libabi::format("{} [21, {}] at {} ids", format_name(format), columns, tokens), y,
                                   {{.tokens = tokens}}, exact ? exactly() : Bound(decode_bound)));
    }
}

/// The rows of an activation that are wanted, as at the end of a model.
void activations(Cases& cases) {
  for (const std::int64_t columns : {1, 17, 64}) {
    CaseBuilder b(cases.random, 7);
    const TensorId x = b.graph.scale(b.reals(columns), 2);
    const TensorId ids = b.integers(
        1, [](const RunShape& run, std::int64_t row, std::int64_t) { return static_cast<std::int32_t>(run.tokens - 1 - row); },
        Rows::outputs);
    cases.out.push_back(b.finish(
        Op::get_rows, format("an activation [7, {}]", columns), b.graph.get_rows(x, ids),
        {{.tokens = 7, .outputs = 2}, {.tokens = 1, .outputs = 1}, {.tokens = 3, .outputs = 0}, {.tokens = 5, .outputs = 5}},
        exactly()));
  }
}

}  // namespace

void cases::get_rows(Cases& cases) {
  for (const FormatId format : real_formats()) tables(cases, format);
  activations(cases);
}

}  // namespace libabi::parity
