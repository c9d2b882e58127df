#include "cases/elementwise.hpp"

namespace libabi::parity {

void cases::tanh(Cases& cases) {
  const Bound bound = [](const Element& e) {
    // Near 0 an f32 tanh made of exp cancels: the error stays that of numbers near 1.
    return 24 * u * std::abs(e.expected) + 4 * u;
  };
  elementwise_cases(cases, Op::tanh, {-12, 12}, bound, [](GraphBuilder& g, const auto& fresh) { return g.tanh(fresh()); });
}

}  // namespace libabi::parity
