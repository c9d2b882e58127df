#include "parity/bounds.hpp"

namespace libabi::parity {

void cases::expert_weights(Cases& cases) {
  for (const std::int64_t tokens : {0, 1, 7})
    for (const std::int64_t experts : {1, 4, 8, 33, 128})
      for (const std::int32_t used : {1, 2, 4})
        for (const bool normalize : {false, true}) {
          if (used > experts) continue;
          CaseBuilder b(cases.random, 7);
          const TensorId logits = b.reals(experts, {-8, 8});
          const TensorId ids = b.graph.top_experts(logits, used);
          // The exp of each, its argument rounded at magnitudes up to 16, the sum over all, a division or two.
          cases.out.push_back(b.finish(
              Op::expert_weights, format("{} of {} for {} tokens{}", used, experts, tokens, normalize ? ", normalised" : ""),
              b.graph.expert_weights(logits, ids, normalize), {{.tokens = tokens}}, relative(static_cast<double>(experts) + 64)));
        }
}

}  // namespace libabi::parity
