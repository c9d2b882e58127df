#include "sampler/member.hpp"
#include "sampler/real.hpp"

#include <algorithm>

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& options) { return options.min_p > 0; }

/// Min-p (Nguyen et al., 2024): those that are at least min_p times as probable as the best. Logits are enough for it.
Result<void> apply(SamplerContext& context, std::vector<Candidate>& candidates) {
  const float best = std::ranges::max_element(candidates, {}, &Candidate::logit)->logit;
  const float least = best + static_cast<float>(log_of_positive(context.options.min_p));
  const auto kept =
      static_cast<std::size_t>(std::ranges::count_if(candidates, [&](const Candidate& c) { return c.logit >= least; }));
  const std::size_t min_keep = std::min(kept_at_least(context.options), candidates.size());
  if (kept >= min_keep) {
    std::erase_if(candidates, [&](const Candidate& c) { return c.logit < least; });
    return {};
  }
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(min_keep), candidates.end(), better);
  candidates.resize(min_keep);
  return {};
}

}  // namespace

constinit const SamplerMember sampler_min_p{.name = "min_p", .keeps_best = true, .active = active, .apply = apply};

}  // namespace libabi::llm
