#pragma once
/// What a member of sampler.def is.

#include "sampler/history.hpp"
#include "sampler/nucleus.hpp"
#include "sampler/random.hpp"

#include <abi/llm/sampler.hpp>

#include <vector>

namespace libabi::llm {

struct SamplerContext {
  const SamplingOptions& options;
  const TokenHistory& history;
  RandomStream& random;
  std::vector<Ranked>& scratch;  // kept from token to token, so that a step allocates nothing
};

/// Candidates come in the order of their ids or, behind top_k, best first; a sampler that cuts leaves the rest in order.
/// So the order is the same with every standard library, and with it what a random number stands for.
struct SamplerMember {
  std::string_view name;
  bool keeps_best;  ///< what has the greatest logit has it afterwards too, so greedy choice can do without
  bool (*active)(const SamplingOptions& options);
  Result<void> (*apply)(SamplerContext& context, std::vector<Candidate>& candidates);
};

#define ABI_SAMPLER(name) extern const SamplerMember sampler_##name;
#include "sampler/sampler.def"
#undef ABI_SAMPLER

std::span<const SamplerMember* const> sampler_members() noexcept;

/// Errors: invalid_argument (a value out of its range, named).
Result<void> check_options(const SamplingOptions& options);

/// Greater logit first, then lower id: a total order.
inline bool better(const Candidate& a, const Candidate& b) noexcept {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

inline std::size_t kept_at_least(const SamplingOptions& options) noexcept {
  return options.min_keep > 1 ? static_cast<std::size_t>(options.min_keep) : 1;
}

/// The candidate of a token, or null. O(1) while all ids stand in order.
inline Candidate* find_candidate(std::vector<Candidate>& candidates, TokenId id) noexcept {
  const auto place = static_cast<std::size_t>(id);
  if (place < candidates.size() && candidates[place].id == id) return &candidates[place];
  for (Candidate& each : candidates)
    if (each.id == id) return &each;
  return nullptr;
}

}  // namespace libabi::llm
