#include "rules.hpp"

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  ABI_TRY(rules::activation(call, 0, "x"));
  const Shape& x = call.inputs[0]->shape;
  const std::int64_t slots = call.inputs[1]->shape.columns;
  ABI_TRY(rules::activation(call, 1, "weights", x, slots));
  if (x.columns % slots != 0) return rules::refuse(call, 0, "x", format("as many columns for each of {} slots", slots));
  return OpResult{.shape = rules::with_columns(x, x.columns / slots)};
}

Result<void> reference(const ReferenceCall& call) {
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    const std::vector<double> x = call.input(0).row(t);
    const std::vector<double> weights = call.input(1).row(t);
    std::vector<double> y(x.size() / weights.size(), 0.0);
    for (std::size_t u = 0; u < weights.size(); ++u)
      for (std::size_t c = 0; c < y.size(); ++c) y[c] += weights[u] * x[u * y.size() + c];
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y[t][c] = sum over u of weights[t][u] x[t][u][c].
constinit const OpDescriptor descriptor::expert_sum = {
    .op = Op::expert_sum, .name = "expert_sum", .required = 2, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
