#pragma once

#include <abi/llm/sampler.hpp>

#include <span>

namespace libabi::llm {

/// Fills log_probability of `sampled.id` and the `count` most probable tokens, by the softmax of the logits as they are.
/// O(vocabulary + count log count) expected.
void log_probabilities(std::span<const float> logits, std::int32_t count, Sampled& sampled);

}  // namespace libabi::llm
