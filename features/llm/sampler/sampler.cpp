#include <abi/llm/sampler.hpp>

#include "sampler/log_probability.hpp"
#include "sampler/member.hpp"

#include <abi/base/boundary.hpp>
#include <abi/base/check.hpp>

#include <cmath>

namespace libabi::llm {

// Hidden: as a part of an exported class it would be exported too.
struct [[gnu::visibility("hidden")]] Sampler::Impl {
  explicit Impl(const SamplingOptions& given)
      : options(given), history(sampler_penalties.active(given) ? given.penalty_last_n : 0), random(given.seed) {
    for (const SamplerMember* member : sampler_members())
      if (member->active(options) && !(options.temperature == 0 && member->keeps_best)) chain.push_back(member);
  }

  Result<void> take(std::span<const float> logits);

  SamplingOptions options;
  std::vector<const SamplerMember*> chain;  // those that do something
  TokenHistory history;
  RandomStream random;
  std::vector<Candidate> candidates;
  std::vector<Ranked> scratch;
  Result<void> accepted;  // what accept() met, told by the next sample()
};

/// The whole vocabulary as candidates.
Result<void> Sampler::Impl::take(std::span<const float> logits) {
  if (logits.empty()) return error(ErrorCode::invalid_argument, "there are no logits to sample from");
  for (const LogitBias& each : options.logit_bias)
    if (static_cast<std::size_t>(each.token) >= logits.size())
      return error(ErrorCode::invalid_argument, "a logit bias is for token {}, the vocabulary has {}", each.token, logits.size());
  candidates.resize(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!std::isfinite(logits[i])) return error(ErrorCode::failed_precondition, "the logit of token {} is {}", i, logits[i]);
    candidates[i] = {static_cast<TokenId>(i), logits[i], 0};
  }
  return {};
}

Sampler::Sampler(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

Result<Sampler> Sampler::create(const SamplingOptions& options) {
  return boundary([&]() -> Result<Sampler> {
    ABI_TRY(check_options(options));
    return Sampler(std::make_unique<Impl>(options));
  });
}

Result<Sampled> Sampler::sample(std::span<const float> logits) {
  return boundary([&]() -> Result<Sampled> {
    Impl& s = *impl_;
    ABI_TRY(s.accepted);
    ABI_TRY(s.take(logits));
    SamplerContext context{s.options, s.history, s.random, s.scratch};
    for (const SamplerMember* member : s.chain) ABI_TRY(member->apply(context, s.candidates));
    ABI_CHECK(s.candidates.size() == 1);
    const Candidate& chosen = s.candidates.front();
    if (!std::isfinite(chosen.logit))
      return error(ErrorCode::failed_precondition, "the greatest logit, of token {}, is {} after the samplers", chosen.id,
                   chosen.logit);
    Sampled sampled{.id = chosen.id};
    if (s.options.log_probabilities >= 0) log_probabilities(logits, s.options.log_probabilities, sampled);
    return sampled;
  });
}

void Sampler::accept(TokenId token) {
  const auto accepted = boundary([&]() -> Result<void> {
    impl_->history.accept(token);
    return {};
  });
  if (!accepted) impl_->accepted = accepted;
}

void Sampler::reset() {
  impl_->history.reset();
  impl_->random.reset();
  impl_->accepted = {};
}

}  // namespace libabi::llm
