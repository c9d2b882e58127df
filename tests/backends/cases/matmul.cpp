#include "parity/bounds.hpp"

namespace libabi::parity {

namespace {

Bound product_bound(TensorId weight, TensorId x, FormatId format) {
  return [=](const Element& e) {
    const std::vector<double> w = e.operands[weight].row(e.column);
    return dot_bound(format, w, e.operands[x].row(e.row)) + 4 * u;  // and a bias of at most 1
  };
}

void product(Cases& cases, FormatId format, std::int64_t rows, std::int64_t columns, std::int64_t tokens, bool bias) {
  CaseBuilder b(cases.random, 80);
  const TensorId weight = b.weight(format, {.rows = rows, .columns = columns});
  const TensorId x = b.reals(columns, {-3, 3});
  const TensorId y = b.graph.matmul(weight, x, bias ? b.weight(FormatId::f32, {.columns = rows}) : no_tensor);
  cases.out.push_back(b.finish(
      Op::matmul, libabi::format("{} [{}, {}] by {} tokens{}", format_name(format), rows, columns, tokens, bias ? ", bias" : ""),
      y, {{.tokens = tokens}}, product_bound(weight, x, format)));
}

}  // namespace

void cases::matmul(Cases& cases) {
  for (const FormatId format : real_formats()) {
    const bool blocks = quant::format(format).block_length > 1;
    for (const std::int64_t columns :
         blocks ? std::vector<std::int64_t>{32, 64, 288} : std::vector<std::int64_t>{1, 15, 16, 17, 32, 257})
      for (const std::int64_t rows : {1, 7, 8, 16, 17, 33})
        for (const std::int64_t tokens : {1, 2, 5, 17}) product(cases, format, rows, columns, tokens, (rows + tokens) % 2 == 0);
    product(cases, format, 16, 64, 0, false);
    product(cases, format, 130, 256, 79, true);  // past one tile of anything
    product(cases, format, 1, 1056, 3, true);    // a bias and a matrix of one row
  }
}

}  // namespace libabi::parity
