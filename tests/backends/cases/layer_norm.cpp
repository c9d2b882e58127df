#include "parity/bounds.hpp"

namespace libabi::parity {

namespace {

void norm(Cases& cases, std::int64_t width, std::int64_t tokens, bool bias, Range range) {
  CaseBuilder b(cases.random, 6);
  const TensorId x = b.reals(width, range);
  const TensorId weight = b.weight(FormatId::f32, {.columns = width}, {0.5, 1.5});
  const TensorId y = b.graph.layer_norm(x, weight, bias ? b.weight(FormatId::f32, {.columns = width}) : no_tensor, 1e-5f);
  // The mean is within n u of the greatest x, and x - mean keeps that error; the division by the deviation (at least the
  // root of epsilon) makes it relative. Then as a root mean square.
  const auto bound = [=](const Element& e) {
    const std::vector<double> row = e.operands[x].row(e.row);
    const auto n = static_cast<double>(row.size());
    double mean = 0, squares = 0;
    for (const double v : row) mean += v / n;
    for (const double v : row) squares += (v - mean) * (v - mean) / n;
    const double relative_shift = greatest(row) / std::sqrt(squares + 1e-5);
    return (n + 8) * u * (1.5 * relative_shift + std::abs(e.expected) + 2);
  };
  cases.out.push_back(b.finish(Op::layer_norm,
                               format("[{}, {}] of {} to {}{}", tokens, width, range.low, range.high, bias ? ", bias" : ""), y,
                               {{.tokens = tokens}}, bound));
}

}  // namespace

void cases::layer_norm(Cases& cases) {
  for (const bool bias : {false, true})
    for (const std::int64_t tokens : {0, 1, 5})
      for (const std::int64_t width : {1, 7, 8, 9, 15, 16, 17, 32, 64, 1023}) {
        norm(cases, width, tokens, bias, {-4, 4});
        if (width > 1) norm(cases, width, tokens, bias, {90, 110});  // one column is its own mean: only rounding is left
      }
}

}  // namespace libabi::parity
