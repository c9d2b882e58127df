#include "sampler/member.hpp"

#include <algorithm>
#include <limits>

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& options) { return options.temperature != 1; }

Result<void> apply(SamplerContext& context, std::vector<Candidate>& candidates) {
  const float temperature = context.options.temperature;
  if (temperature > 0) {
    for (Candidate& each : candidates) each.logit /= temperature;
    return {};
  }
  // The limit of ever lower temperatures: all probability is the best one's.
  const TokenId best = std::ranges::min_element(candidates, better)->id;
  for (Candidate& each : candidates)
    if (each.id != best) each.logit = -std::numeric_limits<float>::infinity();
  return {};
}

}  // namespace

constinit const SamplerMember sampler_temperature{.name = "temperature", .keeps_best = true, .active = active, .apply = apply};

}  // namespace libabi::llm
