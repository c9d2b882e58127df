#include "sampler/log_probability.hpp"

#include "sampler/real.hpp"
#include "sampler/softmax.hpp"

#include <algorithm>
#include <numeric>

namespace libabi::llm {

void log_probabilities(std::span<const float> logits, std::int32_t count, Sampled& sampled) {
  const SoftmaxScale scale = softmax_scale(logits);
  const double log_sum = log_of_positive(scale.sum);
  const auto log_p = [&](TokenId id) {
    return static_cast<float>(static_cast<double>(logits[static_cast<std::size_t>(id)]) - scale.max - log_sum);
  };
  sampled.log_probability = log_p(sampled.id);
  if (count <= 0) return;
  std::vector<TokenId> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const std::size_t listed = std::min(ids.size(), static_cast<std::size_t>(count));
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(listed), ids.end(), [&](TokenId a, TokenId b) {
    const float x = logits[static_cast<std::size_t>(a)], y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  });
  for (std::size_t i = 0; i < listed; ++i) sampled.top.push_back({ids[i], log_p(ids[i])});
}

}  // namespace libabi::llm
