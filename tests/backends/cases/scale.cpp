#include "cases/elementwise.hpp"

namespace libabi::parity {

void cases::scale(Cases& cases) {
  for (const float factor : {0.0f, -1.0f, 0.088388346f})
    elementwise_cases(cases, Op::scale, {-100, 100}, relative(2),
                      [&](GraphBuilder& g, const auto& fresh) { return g.scale(fresh(), factor); });
}

}  // namespace libabi::parity
