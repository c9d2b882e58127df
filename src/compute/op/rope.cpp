#include "rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace libabi::compute {

namespace {

Result<void> check_yarn(const OpCall& call, const RopeAttributes& a) {
  if (a.extension == 0) return {};
  if (!(a.extension > 0) || !std::isfinite(a.extension))
    return rules::refuse_attribute(call, "extension", a.extension, "0 or more");
  if (a.original_context < 1) return rules::refuse_attribute(call, "original_context", a.original_context, "1 or more");
  if (!(a.beta_fast > 0)) return rules::refuse_attribute(call, "beta_fast", a.beta_fast, "more than 0");
  if (!(a.beta_slow > 0)) return rules::refuse_attribute(call, "beta_slow", a.beta_slow, "more than 0");
  if (!(a.base > 1)) return rules::refuse_attribute(call, "base", a.base, "more than 1");
  return {};
}

Result<OpResult> infer(const OpCall& call) {
  const auto& a = std::get<RopeAttributes>(call.attributes);
  ABI_TRY(rules::activation(call, 0, "x"));
  const Shape& x = call.inputs[0]->shape;
  if (a.head_dim < 1 || x.columns % a.head_dim != 0)
    return rules::refuse_attribute(call, "head_dim", a.head_dim, format("a divisor of the {} columns of x", x.columns));
  if (a.rotary_dim < 2 || a.rotary_dim % 2 != 0 || a.rotary_dim > a.head_dim)
    return rules::refuse_attribute(call, "rotary_dim", a.rotary_dim, format("an even number from 2 to {}", a.head_dim));
  if (!(a.base > 0) || !std::isfinite(a.base)) return rules::refuse_attribute(call, "base", a.base, "more than 0");
  if (!(a.frequency_scale > 0) || !std::isfinite(a.frequency_scale))
    return rules::refuse_attribute(call, "frequency_scale", a.frequency_scale, "more than 0");
  if (!std::isfinite(a.attention_factor))
    return rules::refuse_attribute(call, "attention_factor", a.attention_factor, "a finite number");
  ABI_TRY(check_yarn(call, a));
  ABI_TRY(rules::ids(call, 1, "positions", x, 1));
  if (call.inputs[2]) ABI_TRY(rules::vector(call, 2, "factors", a.rotary_dim / 2));
  return OpResult{.shape = x};
}

/// The pair, as a real number, that turns `turns` times within the original context (Peng et al., 2023, section 3.2).
double pair_of_turns(const RopeAttributes& a, double turns) {
  return a.rotary_dim * std::log(a.original_context / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(static_cast<double>(a.base)));
}

/// How much of pair i keeps its own frequency: 1 for those that turn often, 0 for those that turn seldom.
double ramp(const RopeAttributes& a, double i) {
  const double first = std::max(0.0, std::floor(pair_of_turns(a, a.beta_fast)));
  const double last = std::min(a.rotary_dim - 1.0, std::ceil(pair_of_turns(a, a.beta_slow)));
  return 1 - std::clamp((i - first) / std::max(0.001, last - first), 0.0, 1.0);
}

double angle(const RopeAttributes& a, double position, double i, double factor) {
  const double own = position * std::pow(static_cast<double>(a.base), -2 * i / a.rotary_dim) / factor;
  const double interpolated = a.frequency_scale * own;
  const double mix = a.extension == 0 ? 0 : a.extension * ramp(a, i);
  return interpolated * (1 - mix) + own * mix;
}

double magnitude(const RopeAttributes& a) {
  const double stretch = a.extension == 0 ? 1 : 1 + 0.1 * std::log(1 / static_cast<double>(a.frequency_scale));
  return a.attention_factor * stretch;
}

Result<void> reference(const ReferenceCall& call) {
  const auto& a = call.attributes<RopeAttributes>();
  const auto half = static_cast<std::size_t>(a.rotary_dim / 2);
  const std::vector<double> factors = call.has(2) ? call.input(2).row(0) : std::vector<double>(half, 1.0);
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    const std::int64_t position = call.input(1).id(t);
    ABI_TRY(rules::in_range(call, "position", position, std::numeric_limits<std::int32_t>::max(), t));
    std::vector<double> y = call.input(0).row(t);
    for (std::size_t head = 0; head < y.size(); head += static_cast<std::size_t>(a.head_dim))
      for (std::size_t i = 0; i < half; ++i) {
        double& u = y[head + (a.neox ? i : 2 * i)];
        double& v = y[head + (a.neox ? i + half : 2 * i + 1)];
        const double theta = angle(a, static_cast<double>(position), static_cast<double>(i), factors[i]);
        const double c = magnitude(a) * std::cos(theta), s = magnitude(a) * std::sin(theta);
        const double turned = u * c - v * s;
        v = u * s + v * c;
        u = turned;
      }
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// Pair i of each head is turned by position base^(-2i/rotary_dim) / factors[i]  (Su et al., 2021), its frequency scaled
/// linearly or by YaRN; columns past rotary_dim stay.
constinit const OpDescriptor descriptor::rope = {
    .op = Op::rope, .name = "rope", .required = 2, .optional = 1, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
