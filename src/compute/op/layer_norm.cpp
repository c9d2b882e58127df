#include "rules.hpp"

#include <cmath>

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  const float epsilon = std::get<NormAttributes>(call.attributes).epsilon;
  if (!(epsilon >= 0) || !std::isfinite(epsilon)) return rules::refuse_attribute(call, "epsilon", epsilon, "0 or more");
  ABI_TRY(rules::activation(call, 0, "x"));
  const Shape& x = call.inputs[0]->shape;
  ABI_TRY(rules::vector(call, 1, "weight", x.columns));
  if (call.inputs[2]) ABI_TRY(rules::vector(call, 2, "bias", x.columns));
  return OpResult{.shape = x};
}

Result<void> reference(const ReferenceCall& call) {
  const double epsilon = call.attributes<NormAttributes>().epsilon;
  const std::vector<double> weight = call.input(1).row(0);
  const std::vector<double> bias = call.has(2) ? call.input(2).row(0) : std::vector<double>(weight.size(), 0.0);
  const auto n = static_cast<double>(weight.size());
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    std::vector<double> y = call.input(0).row(t);
    double sum = 0, squares = 0;
    for (const double v : y) sum += v;
    for (const double v : y) squares += (v - sum / n) * (v - sum / n);
    const double root = std::sqrt(squares / n + epsilon);
    for (std::size_t c = 0; c < y.size(); ++c) y[c] = (y[c] - sum / n) / root * weight[c] + bias[c];
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) weight + bias  (Ba, Kiros and Hinton, 2016).
constinit const OpDescriptor descriptor::layer_norm = {
    .op = Op::layer_norm, .name = "layer_norm", .required = 2, .optional = 1, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
