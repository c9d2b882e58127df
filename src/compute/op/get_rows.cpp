#include "rules.hpp"

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  const TensorDesc& table = *call.inputs[0];
  const Shape& ids = call.inputs[1]->shape;
  if (table.shape.planes != 1 || table.format == quant::FormatId::i32)
    return rules::refuse(call, 0, "table", "one plane of reals");
  ABI_TRY(rules::ids(call, 1, "ids", ids, 1));
  return OpResult{.shape = rules::with_columns(ids, table.shape.columns)};
}

Result<void> reference(const ReferenceCall& call) {
  const Operand& table = call.input(0);
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    const std::int64_t id = call.input(1).id(t);
    ABI_TRY(rules::in_range(call, "id", id, table.rows(), t));
    call.output().set_row(t, table.row(id));
  }
  return {};
}

}  // namespace

/// y[t] = table[ids[t]].
constinit const OpDescriptor descriptor::get_rows = {
    .op = Op::get_rows, .name = "get_rows", .required = 2, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
