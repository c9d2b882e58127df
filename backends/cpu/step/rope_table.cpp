#include "operation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace libabi::backends::cpu {

namespace {

using compute::RopeAttributes;

bool same(const Graph&, const Node& a, const Node& b) {
  return a.inputs[1] == b.inputs[1] && a.inputs[2] == b.inputs[2] &&
         same_rotation(std::get<RopeAttributes>(a.attributes), std::get<RopeAttributes>(b.attributes));
}

/// The pair whose wave turns `turns` times over the context that the model was trained with, as a real number.
double pair_turning(const RopeAttributes& a, double turns) {
  const double wave = a.original_context / (2 * std::numbers::pi * turns);
  return a.rotary_dim / 2.0 * std::log(wave) / std::log(static_cast<double>(a.base));
}

/// The part of its own frequency that pair i keeps; the rest is interpolated (Peng et al., 2023, section 3.2).
double kept(const RopeAttributes& a, double i) {
  if (a.extension == 0) return 0;
  const double first = std::max(0.0, std::floor(pair_turning(a, a.beta_fast)));
  const double last = std::min(a.rotary_dim - 1.0, std::ceil(pair_turning(a, a.beta_slow)));
  return a.extension * (1 - std::clamp((i - first) / std::max(0.001, last - first), 0.0, 1.0));
}

double magnitude(const RopeAttributes& a) {
  if (a.extension == 0) return a.attention_factor;
  return a.attention_factor * (1 + 0.1 * std::log(1 / static_cast<double>(a.frequency_scale)));
}

std::uint64_t scratch_bytes(const Graph&, const Node& node, const KernelTables&) {
  return static_cast<std::uint64_t>(std::get<RopeAttributes>(node.attributes).rotary_dim / 2) * sizeof(double);
}

/// Angles in double: at position 100,000 an f32 angle is off by 0.004.
void run(const Call& call) {
  const auto& a = call.attributes<RopeAttributes>();
  const View positions = call.input(1), table = call.run.region(call.step.writes);
  const float* factors = call.has(2) ? call.input(2).floats(0) : nullptr;
  const std::int32_t pairs = a.rotary_dim / 2;
  auto* frequency = reinterpret_cast<double*>(call.scratch);
  for (std::int32_t i = 0; i < pairs; ++i) {
    const double own = std::pow(static_cast<double>(a.base), -2.0 * i / a.rotary_dim) / (factors ? factors[i] : 1.0f);
    const double keep = kept(a, i);
    frequency[i] = own * (a.frequency_scale * (1 - keep) + keep);
  }
  const double size = magnitude(a);
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row) {
    float* out = table.floats(row);
    for (std::int32_t i = 0; i < pairs; ++i) {
      const double angle = *positions.ids(row) * frequency[i];
      out[i] = static_cast<float>(size * std::cos(angle));
      out[i + pairs] = static_cast<float>(size * std::sin(angle));
    }
  }
}

double nanoseconds(const Run& run, const Node& node) {
  constexpr double ns_of_a_pair = 50;
  return static_cast<double>(run.rows(node.inputs[1])) * std::get<RopeAttributes>(node.attributes).rotary_dim / 2 * ns_of_a_pair;
}

}  // namespace

constinit const Operation shared_step::rope_table = {
    .split = Split::rows, .same = &same, .scratch_bytes = &scratch_bytes, .nanoseconds = &nanoseconds, .run = &run};

}  // namespace libabi::backends::cpu
