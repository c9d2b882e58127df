#include "sampler/member.hpp"

#include <abi/base/boundary.hpp>

namespace libabi::llm {

namespace {

constexpr const SamplerMember* kMembers[] = {
#define ABI_SAMPLER(name) &sampler_##name,
#include "sampler/sampler.def"
#undef ABI_SAMPLER
};

constexpr std::string_view kNames[] = {
#define ABI_SAMPLER(name) #name,
#include "sampler/sampler.def"
#undef ABI_SAMPLER
};

Result<const SamplerMember*> find_member(std::string_view name) {
  for (const SamplerMember* member : kMembers)
    if (member->name == name) return member;
  std::string known;
  for (const std::string_view each : kNames) known += (known.empty() ? "" : ", ") + std::string(each);
  return error(ErrorCode::not_found, "sampler '{}' is unknown, expected one of {}", name, known);
}

}  // namespace

std::span<const SamplerMember* const> sampler_members() noexcept { return kMembers; }

std::span<const std::string_view> samplers() noexcept { return kNames; }

Result<void> apply_sampler(std::string_view name, const SamplingOptions& options, std::span<const TokenId> history,
                           std::vector<Candidate>& candidates) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(const SamplerMember* member, find_member(name));
    ABI_TRY(check_options(options));
    if (candidates.empty() || !member->active(options)) return {};
    TokenHistory counted(options.penalty_last_n);
    for (const TokenId token : history) counted.accept(token);
    RandomStream random(options.seed);
    std::vector<Ranked> scratch;
    SamplerContext context{options, counted, random, scratch};
    return member->apply(context, candidates);
  });
}

}  // namespace libabi::llm
