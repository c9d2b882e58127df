#include "sampler/softmax.hpp"

#include "sampler/real.hpp"

#include <algorithm>
#include <cmath>

namespace libabi::llm {

SoftmaxScale softmax_scale(std::span<const float> logits) noexcept {
  SoftmaxScale scale{.max = *std::ranges::max_element(logits)};
  for (const float logit : logits) scale.sum += exp_of_negative(logit - scale.max);
  return scale;
}

Result<SoftmaxScale> softmax(std::vector<Candidate>& candidates) {
  const Candidate& best = *std::ranges::max_element(candidates, {}, &Candidate::logit);
  if (!std::isfinite(best.logit))
    return error(ErrorCode::failed_precondition, "the greatest logit, of token {}, is {} after the samplers", best.id,
                 best.logit);
  SoftmaxScale scale{.max = best.logit};
  for (Candidate& each : candidates) {
    each.p = exp_of_negative(each.logit - scale.max);
    scale.sum += each.p;
  }
  const auto factor = static_cast<float>(1 / scale.sum);
  for (Candidate& each : candidates) each.p *= factor;
  return scale;
}

}  // namespace libabi::llm
