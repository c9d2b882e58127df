#include "rules.hpp"

#include <cmath>
#include <numbers>

namespace libabi::compute {

namespace {

Result<void> reference(const ReferenceCall& call) {
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    std::vector<double> y = call.input(0).row(t);
    for (double& v : y) v = 0.5 * v * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v)));
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))  (Hendrycks and Gimpel, 2016, the approximation).
constinit const OpDescriptor descriptor::gelu = {
    .op = Op::gelu, .name = "gelu", .required = 1, .elementwise = true, .infer = &rules::unary, .reference = &reference};

}  // namespace libabi::compute
