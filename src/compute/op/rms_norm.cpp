#include "rules.hpp"

#include <cmath>

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  const float epsilon = std::get<NormAttributes>(call.attributes).epsilon;
  if (!(epsilon >= 0) || !std::isfinite(epsilon)) return rules::refuse_attribute(call, "epsilon", epsilon, "0 or more");
  ABI_TRY(rules::activation(call, 0, "x"));
  const std::int64_t width = call.inputs[1]->shape.columns;
  ABI_TRY(rules::vector(call, 1, "weight", width));
  if (call.inputs[0]->shape.columns % width != 0)
    return rules::refuse(call, 1, "weight", format("columns that divide the {} of x", call.inputs[0]->shape.columns));
  return OpResult{.shape = call.inputs[0]->shape};
}

Result<void> reference(const ReferenceCall& call) {
  const double epsilon = call.attributes<NormAttributes>().epsilon;
  const std::vector<double> weight = call.input(1).row(0);
  const std::size_t width = weight.size();
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    std::vector<double> y = call.input(0).row(t);
    for (std::size_t first = 0; first < y.size(); first += width) {
      double squares = 0;
      for (std::size_t c = 0; c < width; ++c) squares += y[first + c] * y[first + c];
      const double root = std::sqrt(squares / static_cast<double>(width) + epsilon);
      for (std::size_t c = 0; c < width; ++c) y[first + c] *= weight[c] / root;
    }
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y = x / sqrt(mean(x^2) + epsilon) weight, over each piece of x as long as the weight  (Zhang and Sennrich, 2019).
constinit const OpDescriptor descriptor::rms_norm = {
    .op = Op::rms_norm, .name = "rms_norm", .required = 2, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
