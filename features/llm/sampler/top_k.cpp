#include "sampler/member.hpp"

#include <algorithm>

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& options) { return options.top_k > 0; }

/// The k best, best first. O(n + k log k log(n / k)) expected: a heap of k that few candidates get into.
Result<void> apply(SamplerContext& context, std::vector<Candidate>& candidates) {
  const std::size_t k = std::max(static_cast<std::size_t>(context.options.top_k), kept_at_least(context.options));
  if (k >= candidates.size()) return {};
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(k), candidates.end(), better);
  candidates.resize(k);
  return {};
}

}  // namespace

constinit const SamplerMember sampler_top_k{.name = "top_k", .keeps_best = true, .active = active, .apply = apply};

}  // namespace libabi::llm
