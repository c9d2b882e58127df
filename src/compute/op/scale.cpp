#include "rules.hpp"

#include <cmath>

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  const float factor = std::get<ScaleAttributes>(call.attributes).factor;
  if (!std::isfinite(factor)) return rules::refuse_attribute(call, "factor", factor, "a finite number");
  return rules::unary(call);
}

Result<void> reference(const ReferenceCall& call) {
  const double factor = call.attributes<ScaleAttributes>().factor;
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    std::vector<double> y = call.input(0).row(t);
    for (double& v : y) v *= factor;
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y = factor x.
constinit const OpDescriptor descriptor::scale = {
    .op = Op::scale, .name = "scale", .required = 1, .elementwise = true, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
