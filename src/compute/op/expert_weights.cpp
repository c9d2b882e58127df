#include "rules.hpp"

#include <algorithm>
#include <cmath>

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  ABI_TRY(rules::activation(call, 0, "logits"));
  const Shape& logits = call.inputs[0]->shape;
  const std::int64_t slots = call.inputs[1]->shape.columns;
  ABI_TRY(rules::ids(call, 1, "ids", logits, slots));
  return OpResult{.shape = rules::with_columns(logits, slots)};
}

Result<void> reference(const ReferenceCall& call) {
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    std::vector<double> p = call.input(0).row(t);
    const double greatest = *std::max_element(p.begin(), p.end());
    double sum = 0;
    for (double& v : p) sum += v = std::exp(v - greatest);
    std::vector<double> y;
    double chosen = 0;
    for (const double id : call.input(1).row(t)) {
      const auto expert = static_cast<std::int64_t>(id);
      ABI_TRY(rules::in_range(call, "expert", expert, call.input(0).columns(), t));
      y.push_back(p[static_cast<std::size_t>(expert)] / sum);
      chosen += y.back();
    }
    if (call.attributes<RouteAttributes>().normalize)
      for (double& v : y) v /= chosen;
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// p = softmax(logits[t]); y[t][u] = p[ids[t][u]], over the sum of y[t] when normalize.
constinit const OpDescriptor descriptor::expert_weights = {
    .op = Op::expert_weights, .name = "expert_weights", .required = 2, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
