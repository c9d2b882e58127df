#include "rules.hpp"

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  ABI_TRY(rules::activation(call, 0, "source"));
  const Shape& source = call.inputs[0]->shape;
  const TensorDesc& state = *call.inputs[1];
  if (state.role != Role::state || state.shape.columns != source.columns)
    return rules::refuse(call, 1, "state", format("a state of {} columns, as source has", source.columns));
  ABI_TRY(rules::ids(call, 2, "cells", source, 1));
  return OpResult{.format = state.format, .shape = state.shape};
}

Result<void> reference(const ReferenceCall& call) {
  const Operand& cells = call.input(2);
  // All cells are looked at before the first is written, so that a refused run leaves the state as it was.
  for (std::int64_t t = 0; t < cells.rows(); ++t) ABI_TRY(rules::in_range(call, "cell", cells.id(t), call.output().rows(), t));
  for (std::int64_t t = 0; t < cells.rows(); ++t) call.output().set_row(cells.id(t), call.input(0).row(t));
  return {};
}

}  // namespace

/// state[cells[t]] = source[t], rounded to the format of the state, in the order of t.
constinit const OpDescriptor descriptor::store_rows = {
    .op = Op::store_rows, .name = "store_rows", .required = 3, .writes_state = true, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute
