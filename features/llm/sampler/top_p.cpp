#include "sampler/member.hpp"
#include "sampler/softmax.hpp"

#include <algorithm>

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& options) { return options.top_p < 1; }

/// Nucleus sampling (Holtzman et al., 2020): the most probable ones that have top_p together.
Result<void> apply(SamplerContext& context, std::vector<Candidate>& candidates) {
  ABI_TRY(softmax(candidates));
  const std::size_t min_keep = kept_at_least(context.options);
  // All that are below (1 - top_p) / n have less than 1 - top_p together, so the others are enough. Of a vocabulary
  // this leaves some thousand to choose from. Half of it, for the rounding of the sum.
  const float floor = 0.5f * (1 - context.options.top_p) / static_cast<float>(candidates.size());
  const auto above =
      static_cast<std::size_t>(std::ranges::count_if(candidates, [&](const Candidate& c) { return c.p >= floor; }));
  if (above >= min_keep) std::erase_if(candidates, [&](const Candidate& c) { return c.p < floor; });
  keep_mass(candidates, context.scratch, context.options.top_p, min_keep, [](const Candidate& each) { return -each.logit; });
  return {};
}

}  // namespace

constinit const SamplerMember sampler_top_p{.name = "top_p", .keeps_best = true, .active = active, .apply = apply};

}  // namespace libabi::llm
