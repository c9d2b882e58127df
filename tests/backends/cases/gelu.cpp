#include "cases/elementwise.hpp"

namespace libabi::parity {

void cases::gelu(Cases& cases) {
  const Bound bound = [](const Element& e) {
    // 1 + tanh cancels for negative x, and the error of numbers near 1 is multiplied by x.
    const double x = e.operands[0].row(e.row)[static_cast<std::size_t>(e.column)];
    return 24 * u * std::abs(e.expected) + 8 * u * std::abs(x) + smallest;
  };
  elementwise_cases(cases, Op::gelu, {-12, 12}, bound, [](GraphBuilder& g, const auto& fresh) { return g.gelu(fresh()); });
}

}  // namespace libabi::parity
