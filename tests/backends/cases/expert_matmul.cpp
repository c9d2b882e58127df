#include "parity/bounds.hpp"

namespace libabi::parity {

namespace {

struct Experts {
  std::int64_t count, used, rows, columns, tokens;
  bool one_x;  // a row of x for all slots
};

/// Ids of different experts per token.
Integers distinct(const Experts& shape) {
  return [shape](const RunShape&, std::int64_t row, std::int64_t column) {
    return static_cast<std::int32_t>((row * 5 + column * 3 + row * column) % shape.count);
  };
}

void product(Cases& cases, FormatId format, const Experts& shape) {
  CaseBuilder b(cases.random, 40);
  const TensorId weight = b.weight(format, {.planes = shape.count, .rows = shape.rows, .columns = shape.columns});
  const TensorId x = b.reals(shape.one_x ? shape.columns : shape.columns * shape.used, {-3, 3});
  const TensorId ids = b.integers(shape.used, distinct(shape));
  const auto bound = [=](const Element& e) {
    const std::int64_t slot = e.column / shape.rows;
    const auto expert = static_cast<std::int64_t>(e.operands[ids].row(e.row)[static_cast<std::size_t>(slot)]);
    const std::vector<double> all = e.operands[x].row(e.row);
    const auto first = static_cast<std::size_t>(shape.one_x ? 0 : slot * shape.columns);
    const std::vector<double> w = e.operands[weight].row(e.column % shape.rows, expert);
    return dot_bound(format, w, std::span(all).subspan(first, w.size()));
  };
  const std::string label = libabi::format("{} [{}, {}, {}], {} slots of {} tokens{}", format_name(format), shape.count,
                                           shape.rows, shape.columns, shape.used, shape.tokens, shape.one_x ? ", one x" : "");
  cases.out.push_back(
      b.finish(Op::expert_matmul, label, b.graph.expert_matmul(weight, x, ids), {{.tokens = shape.tokens}}, bound));
}

}  // namespace

void cases::expert_matmul(Cases& cases) {
  for (const FormatId format : real_formats())
    for (const bool one_x : {false, true}) {
      for (const std::int64_t tokens : {0, 1, 2, 9, 33}) product(cases, format, {8, 2, 17, 64, tokens, one_x});
      product(cases, format, {1, 1, 8, 32, 3, one_x});
      product(cases, format, {3, 3, 33, 96, 4, one_x});
      product(cases, format, {64, 6, 5, 32, 5, one_x});
    }
}

}  // namespace libabi::parity
