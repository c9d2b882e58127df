#include "sampler/member.hpp"
#include "sampler/real.hpp"
#include "sampler/softmax.hpp"

#include <cmath>

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& options) { return options.typical_p < 1; }

/// Locally typical sampling (Meister et al., 2022): those whose surprise -ln p is nearest to the entropy are kept until
/// they have typical_p together.
Result<void> apply(SamplerContext& context, std::vector<Candidate>& candidates) {
  ABI_TRY(const SoftmaxScale scale, softmax(candidates));
  const double log_sum = log_of_positive(scale.sum);
  const auto surprise = [&](const Candidate& each) { return log_sum - (static_cast<double>(each.logit) - scale.max); };
  double entropy = 0;
  for (const Candidate& each : candidates)
    if (each.p > 0) entropy += each.p * surprise(each);
  keep_mass(candidates, context.scratch, context.options.typical_p, kept_at_least(context.options),
            [&](const Candidate& each) { return static_cast<float>(std::abs(surprise(each) - entropy)); });
  return {};
}

}  // namespace

constinit const SamplerMember sampler_typical{.name = "typical", .keeps_best = false, .active = active, .apply = apply};

}  // namespace libabi::llm
