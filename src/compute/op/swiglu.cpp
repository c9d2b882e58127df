#include "rules.hpp"

#include <cmath>

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  ABI_TRY(rules::activation(call, 0, "gate"));
  const Shape& shape = call.inputs[0]->shape;
  ABI_TRY(rules::activation(call, 1, "up", shape, shape.columns));
  return OpResult{.shape = shape};
}

Result<void> reference(const ReferenceCall& call) {
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    const std::vector<double> gate = call.input(0).row(t);
    std::vector<double> y = call.input(1).row(t);
    for (std::size_t c = 0; c < y.size(); ++c) y[c] *= gate[c] / (1 + std::exp(-gate[c]));
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y = gate / (1 + exp(-gate)) * up  (Shazeer, 2020).
constinit const OpDescriptor descriptor::swiglu = {
    .op = Op::swiglu, .name = "swiglu", .required = 2, .elementwise = true, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
