#include "sampler/member.hpp"
#include "sampler/softmax.hpp"

#include <abi/base/check.hpp>

namespace libabi::llm {

namespace {

bool active(const SamplingOptions& options) { return options.temperature > 0; }

/// Draws one by its probability: the first at which the running sum passes a number that is even in [0, sum).
Result<void> apply(SamplerContext& context, std::vector<Candidate>& candidates) {
  ABI_TRY(softmax(candidates));
  double sum = 0;
  for (const Candidate& each : candidates) sum += each.p;
  const double target = context.random.uniform() * sum;
  double running = 0;
  for (const Candidate& each : candidates) {
    running += each.p;
    if (running > target) {
      candidates = {each};
      return {};
    }
  }
  ABI_CHECK(running > target);  // (1 - 2^-53) * sum rounds to less than sum
  return {};
}

}  // namespace

constinit const SamplerMember sampler_dist{.name = "dist", .keeps_best = false, .active = active, .apply = apply};

}  // namespace libabi::llm
