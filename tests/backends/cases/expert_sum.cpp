#include "parity/bounds.hpp"

namespace libabi::parity {

void cases::expert_sum(Cases& cases) {
  for (const std::int64_t tokens : {0, 1, 6})
    for (const std::int64_t columns : {1, 7, 16, 17, 257})
      for (const std::int64_t slots : {1, 2, 6}) {
        CaseBuilder b(cases.random, 6);
        const TensorId x = b.reals(columns * slots);
        const TensorId weights = b.reals(slots, {0, 1});
        cases.out.push_back(b.finish(Op::expert_sum, format("[{}, {} slots of {}]", tokens, slots, columns),
                                     b.graph.expert_sum(x, weights), {{.tokens = tokens}},
                                     [=](const Element&) { return static_cast<double>((slots + 4) * slots) * u; }));
      }
}

}  // namespace libabi::parity
