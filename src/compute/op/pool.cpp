#include "rules.hpp"

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  ABI_TRY(rules::activation(call, 0, "x"));
  return OpResult{.shape = {.columns = call.inputs[0]->shape.columns}};
}

Result<void> reference(const ReferenceCall& call) {
  const Operand& x = call.input(0);
  std::vector<double> y(static_cast<std::size_t>(x.columns()), 0.0);
  if (x.rows() > 0) switch (call.attributes<PoolAttributes>().pooling) {
      case Pooling::cls: y = x.row(0); break;
      case Pooling::last: y = x.row(x.rows() - 1); break;
      case Pooling::mean:
        for (std::int64_t t = 0; t < x.rows(); ++t) {
          const std::vector<double> row = x.row(t);
          for (std::size_t c = 0; c < y.size(); ++c) y[c] += row[c] / static_cast<double>(x.rows());
        }
        break;
    }
  call.output().set_row(0, y);
  return {};
}

}  // namespace

/// y = the mean of the rows of x, its first row, or its last; zeros where it has none.
constinit const OpDescriptor descriptor::pool = {
    .op = Op::pool, .name = "pool", .required = 1, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
