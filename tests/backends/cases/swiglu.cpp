#include "cases/elementwise.hpp"

namespace libabi::parity {

void cases::swiglu(Cases& cases) {
  // An exp, a sum, a division, a product.
  elementwise_cases(cases, Op::swiglu, {-30, 30}, relative(24), [](GraphBuilder& g, const auto& fresh) {
    const TensorId gate = fresh();
    return g.swiglu(gate, fresh());
  });
}

}  // namespace libabi::parity
