#include "rules.hpp"

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  const TensorDesc& weight = *call.inputs[0];
  if (weight.role != Role::weight || weight.shape.planes != 1) return rules::refuse(call, 0, "weight", "a weight of one plane");
  ABI_TRY(rules::activation(call, 1, "x"));
  const Shape& x = call.inputs[1]->shape;
  if (x.columns != weight.shape.columns)
    return rules::refuse(call, 1, "x",
                         format("{} columns, as weight '{}' {} has", weight.shape.columns, weight.name, text(weight)));
  if (call.inputs[2]) ABI_TRY(rules::vector(call, 2, "bias", weight.shape.rows));
  return OpResult{.shape = rules::with_columns(x, weight.shape.rows)};
}

Result<void> reference(const ReferenceCall& call) {
  const Operand& weight = call.input(0);
  const auto count = static_cast<std::size_t>(weight.rows());
  std::vector<std::vector<double>> x, y;
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    x.push_back(call.input(1).row(t));
    y.push_back(call.has(2) ? call.input(2).row(0) : std::vector<double>(count, 0.0));
  }
  // Rows of the weight outside, so that each is decoded once.
  for (std::size_t n = 0; n < count; ++n) {
    const std::vector<double> w = weight.row(static_cast<std::int64_t>(n));
    for (std::size_t t = 0; t < x.size(); ++t)
      for (std::size_t k = 0; k < w.size(); ++k) y[t][n] += w[k] * x[t][k];
  }
  for (std::size_t t = 0; t < y.size(); ++t) call.output().set_row(static_cast<std::int64_t>(t), y[t]);
  return {};
}

}  // namespace

/// y[t][n] = bias[n] + sum over k of weight[n][k] x[t][k].
constinit const OpDescriptor descriptor::matmul = {
    .op = Op::matmul, .name = "matmul", .required = 2, .optional = 1, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
