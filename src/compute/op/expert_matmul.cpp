#include "rules.hpp"

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  const TensorDesc& weight = *call.inputs[0];
  if (weight.role != Role::weight) return rules::refuse(call, 0, "weight", "a weight");
  ABI_TRY(rules::activation(call, 1, "x"));
  const Shape& x = call.inputs[1]->shape;
  const std::int64_t slots = call.inputs[2]->shape.columns;
  ABI_TRY(rules::ids(call, 2, "ids", x, slots));
  // Divided instead of multiplied, so that no number of slots overflows.
  const bool one = x.columns == weight.shape.columns;
  const bool each = x.columns % slots == 0 && x.columns / slots == weight.shape.columns;
  if (!one && !each)
    return rules::refuse(call, 1, "x",
                         format("{} columns or so many for each of {} slots, as weight '{}' {} has", weight.shape.columns, slots,
                                weight.name, text(weight)));
  std::int64_t columns = 0;
  if (__builtin_mul_overflow(slots, weight.shape.rows, &columns)) return rules::refuse(call, 2, "ids", "fewer slots");
  return OpResult{.shape = rules::with_columns(x, columns)};
}

Result<void> reference(const ReferenceCall& call) {
  const Operand& weight = call.input(0);
  const auto inner = static_cast<std::size_t>(weight.columns());
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    const std::vector<double> x = call.input(1).row(t);
    const std::vector<double> ids = call.input(2).row(t);
    std::vector<double> y;
    for (std::size_t u = 0; u < ids.size(); ++u) {
      const auto expert = static_cast<std::int64_t>(ids[u]);
      ABI_TRY(rules::in_range(call, "expert", expert, weight.planes(), t));
      const std::size_t first = x.size() == inner ? 0 : u * inner;
      for (std::int64_t n = 0; n < weight.rows(); ++n) {
        const std::vector<double> w = weight.row(n, expert);
        double sum = 0;
        for (std::size_t k = 0; k < inner; ++k) sum += w[k] * x[first + k];
        y.push_back(sum);
      }
    }
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// y[t][u][n] = sum over k of weight[ids[t][u]][n][k] x[t][u][k], or x[t][k] where x has one row for all slots.
constinit const OpDescriptor descriptor::expert_matmul = {
    .op = Op::expert_matmul, .name = "expert_matmul", .required = 3, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
