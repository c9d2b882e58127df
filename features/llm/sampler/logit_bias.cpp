#include "sampler/member.hpp"

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& options) { return !options.logit_bias.empty(); }

Result<void> apply(SamplerContext& context, std::vector<Candidate>& candidates) {
  for (const LogitBias& each : context.options.logit_bias)
    if (Candidate* candidate = find_candidate(candidates, each.token)) candidate->logit += each.bias;
  return {};
}

}  // namespace

constinit const SamplerMember sampler_logit_bias{.name = "logit_bias", .keeps_best = false, .active = active, .apply = apply};

}  // namespace libabi::llm
