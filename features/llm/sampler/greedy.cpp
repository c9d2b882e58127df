#include "sampler/member.hpp"

#include <algorithm>

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& options) { return options.temperature == 0; }

Result<void> apply(SamplerContext&, std::vector<Candidate>& candidates) {
  candidates = {*std::ranges::min_element(candidates, better)};
  return {};
}

}  // namespace

constinit const SamplerMember sampler_greedy{.name = "greedy", .keeps_best = false, .active = active, .apply = apply};

}  // namespace libabi::llm
