#include "rules.hpp"

#include <cmath>

namespace libabi::compute {

namespace {

Result<void> reference(const ReferenceCall& call) {
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    std::vector<double> y = call.input(0).row(t);
    for (double& v : y) v = std::tanh(v);
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y = tanh(x).
constinit const OpDescriptor descriptor::tanh = {
    .op = Op::tanh, .name = "tanh", .required = 1, .elementwise = true, .infer = &rules::unary, .reference = &reference};

}  // namespace libabi::compute
