#include "rules.hpp"

#include <cmath>

namespace libabi::compute {

namespace {

Result<void> reference(const ReferenceCall& call) {
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    std::vector<double> y = call.input(0).row(t);
    for (double& v : y) v = v / (1 + std::exp(-v));
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y = x / (1 + exp(-x))  (Elfwing, Uchibe and Doya, 2017).
constinit const OpDescriptor descriptor::silu = {
    .op = Op::silu, .name = "silu", .required = 1, .elementwise = true, .infer = &rules::unary, .reference = &reference};

}  // namespace libabi::compute
