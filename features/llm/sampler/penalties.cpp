#include "sampler/member.hpp"

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& o) {
  return o.penalty_last_n != 0 && (o.repeat_penalty != 1 || o.frequency_penalty != 0 || o.presence_penalty != 0);
}

/// Repetition (Keskar et al., 2019, with the sign taken into account): a seen token's logit is divided by the penalty where
/// it is positive, else multiplied. Frequency and presence are taken off, once per occurrence and once.
Result<void> apply(SamplerContext& context, std::vector<Candidate>& candidates) {
  const SamplingOptions& o = context.options;
  for (const auto& [token, count] : context.history.counts()) {
    Candidate* candidate = find_candidate(candidates, token);
    if (!candidate) continue;
    if (candidate->logit > 0)
      candidate->logit /= o.repeat_penalty;
    else
      candidate->logit *= o.repeat_penalty;
    candidate->logit -= static_cast<float>(count) * o.frequency_penalty + o.presence_penalty;
  }
  return {};
}

}  // namespace

constinit const SamplerMember sampler_penalties{.name = "penalties", .keeps_best = false, .active = active, .apply = apply};

}  // namespace libabi::llm
