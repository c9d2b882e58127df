#include "sampler/member.hpp"

#include <cmath>
#include <limits>

namespace libabi::llm {

namespace {

Result<void> in_range(std::string_view name, double value, double least, double greatest) {
  if (value >= least && value <= greatest) return {};
  return error(ErrorCode::invalid_argument, "{} is {}, expected {} to {}", name, value, least, greatest);
}

constexpr double real_max = 1e30;  // far from overflow of a logit, beyond any use
constexpr double count_max = std::numeric_limits<std::int32_t>::max();

}  // namespace

Result<void> check_options(const SamplingOptions& o) {
  ABI_TRY(in_range("temperature", o.temperature, 0, real_max));
  ABI_TRY(in_range("top_k", o.top_k, 0, count_max));
  ABI_TRY(in_range("top_p", o.top_p, 0, 1));
  ABI_TRY(in_range("min_p", o.min_p, 0, 1));
  ABI_TRY(in_range("typical_p", o.typical_p, 0, 1));
  ABI_TRY(in_range("min_keep", o.min_keep, 0, count_max));
  ABI_TRY(in_range("penalty_last_n", o.penalty_last_n, -1, count_max));
  if (!(o.repeat_penalty > 0))
    return error(ErrorCode::invalid_argument, "repeat_penalty is {}, expected a number above 0", o.repeat_penalty);
  ABI_TRY(in_range("repeat_penalty", o.repeat_penalty, 0, real_max));
  ABI_TRY(in_range("frequency_penalty", o.frequency_penalty, -real_max, real_max));
  ABI_TRY(in_range("presence_penalty", o.presence_penalty, -real_max, real_max));
  ABI_TRY(in_range("log_probabilities", o.log_probabilities, -1, count_max));
  for (const LogitBias& each : o.logit_bias) {
    if (std::isnan(each.bias) || each.bias > real_max)
      return error(ErrorCode::invalid_argument, "the bias of token {} is {}, expected a number or -infinity", each.token,
                   each.bias);
    if (each.token < 0) return error(ErrorCode::invalid_argument, "a logit bias is for token {}, expected 0 or more", each.token);
  }
  return {};
}

}  // namespace libabi::llm
