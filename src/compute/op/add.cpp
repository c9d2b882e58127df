#include "rules.hpp"

namespace libabi::compute {

namespace {

Result<void> reference(const ReferenceCall& call) {
  const Operand& b = call.input(1);
  const bool one_row = call.desc(1).shape != call.desc(0).shape;
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    std::vector<double> y = call.input(0).row(t);
    const std::vector<double> other = b.row(one_row ? 0 : t);
    for (std::size_t c = 0; c < y.size(); ++c) y[c] += other[c];
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y = a + b.
constinit const OpDescriptor descriptor::add = {
    .op = Op::add, .name = "add", .required = 2, .elementwise = true, .infer = &rules::binary, .reference = &reference};

}  // namespace libabi::compute
