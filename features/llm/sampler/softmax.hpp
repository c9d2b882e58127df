#pragma once

#include <abi/llm/sampler.hpp>

#include <span>
#include <vector>

namespace libabi::llm {

/// What turns logits into probabilities: p = e^(logit - max) / sum.
struct SoftmaxScale {
  float max = 0;
  double sum = 0;
};

/// Of raw logits. O(n).
SoftmaxScale softmax_scale(std::span<const float> logits) noexcept;
/// Fills p of every candidate. O(n). Errors: failed_precondition where the greatest logit is not finite: all tokens are
/// forbidden, or a sampler took a logit out of the range of floats.
Result<SoftmaxScale> softmax(std::vector<Candidate>& candidates);

}  // namespace libabi::llm
