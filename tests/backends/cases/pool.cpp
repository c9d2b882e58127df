#include "parity/bounds.hpp"

namespace libabi::parity {

void cases::pool(Cases& cases) {
  using compute::Pooling;
  for (const Pooling pooling : {Pooling::mean, Pooling::cls, Pooling::last})
    for (const std::int64_t columns : {1, 15, 16, 17, 257}) {
      CaseBuilder b(cases.random, 70);
      const TensorId y = b.graph.pool(b.reals(columns), pooling);
      constexpr const char* names[] = {"mean", "cls", "last"};
      const auto bound = [=](const Element&) { return pooling == Pooling::mean ? 74 * u : 0.0; };  // a sum of at most 70 of 1
      cases.out.push_back(b.finish(Op::pool, format("{} of {} columns", names[static_cast<int>(pooling)], columns), y,
                                   {{.tokens = 1}, {.tokens = 2}, {.tokens = 70}, {.tokens = 0}}, bound));
    }
}

}  // namespace libabi::parity
