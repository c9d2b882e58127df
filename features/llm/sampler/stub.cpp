#include <abi/llm/sampler.hpp>

namespace libabi::llm {

struct Sampler::Impl {};

Sampler::Sampler(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

Result<Sampler> Sampler::create(const SamplingOptions&) { return unavailable("llm"); }
Result<Sampled> Sampler::sample(std::span<const float>) { return unavailable("llm"); }
void Sampler::accept(TokenId) {}
void Sampler::reset() {}

Result<void> apply_sampler(std::string_view, const SamplingOptions&, std::span<const TokenId>, std::vector<Candidate>&) {
  return unavailable("llm");
}
std::span<const std::string_view> samplers() noexcept { return {}; }

StopMatcher::StopMatcher(std::vector<std::string>) {}
StopMatcher::Output StopMatcher::push(std::string_view text) { return {.text = std::string(text)}; }
std::string StopMatcher::flush() { return {}; }

}  // namespace libabi::llm
