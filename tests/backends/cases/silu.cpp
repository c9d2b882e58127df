#include "cases/elementwise.hpp"

namespace libabi::parity {

void cases::silu(Cases& cases) {
  const Bound bound = [](const Element& e) {
    return 24 * u * std::abs(e.expected) + smallest;  // an exp, a sum, a division
  };
  elementwise_cases(cases, Op::silu, {-30, 30}, bound, [](GraphBuilder& g, const auto& fresh) { return g.silu(fresh()); });
}

}  // namespace libabi::parity
