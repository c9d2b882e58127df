#include "rules.hpp"

namespace libabi::compute::rules {

namespace {

bool is_activation(const TensorDesc& desc) { return desc.role == Role::input || desc.role == Role::intermediate; }

bool same_rows(const Shape& a, const Shape& b) { return a.rows == b.rows && a.dynamic == b.dynamic; }

std::string expected_text(quant::FormatId format, const Shape& like, std::int64_t columns) {
  return text({.format = format, .shape = with_columns(like, columns)});
}

}  // namespace

std::unexpected<Error> refuse(const OpCall& call, std::size_t index, std::string_view argument, std::string_view expected) {
  const TensorDesc& desc = *call.inputs[index];
  return error(ErrorCode::invalid_argument, "{}: {} '{}' is {}, expected {}", name(call.op), argument, desc.name, text(desc),
               expected);
}

std::unexpected<Error> refuse_attribute(const OpCall& call, std::string_view attribute, double found, std::string_view expected) {
  return error(ErrorCode::invalid_argument, "{}: {} is {}, expected {}", name(call.op), attribute, found, expected);
}

Result<void> activation(const OpCall& call, std::size_t index, std::string_view argument) {
  const TensorDesc& desc = *call.inputs[index];
  if (!is_activation(desc) || desc.format != quant::FormatId::f32)
    return refuse(call, index, argument, "an f32 input or result of the graph");
  return {};
}

Result<void> activation(const OpCall& call, std::size_t index, std::string_view argument, const Shape& like,
                        std::int64_t columns) {
  ABI_TRY(activation(call, index, argument));
  const Shape& shape = call.inputs[index]->shape;
  if (!same_rows(shape, like) || shape.columns != columns)
    return refuse(call, index, argument, expected_text(quant::FormatId::f32, like, columns));
  return {};
}

Result<void> ids(const OpCall& call, std::size_t index, std::string_view argument, const Shape& like, std::int64_t columns) {
  const TensorDesc& desc = *call.inputs[index];
  if (!is_activation(desc) || desc.format != quant::FormatId::i32 || !same_rows(desc.shape, like) ||
      desc.shape.columns != columns)
    return refuse(call, index, argument, expected_text(quant::FormatId::i32, like, columns));
  return {};
}

Result<void> vector(const OpCall& call, std::size_t index, std::string_view argument, std::int64_t columns) {
  const TensorDesc& desc = *call.inputs[index];
  const bool fits = desc.shape == Shape{.columns = columns} && desc.role != Role::state && desc.format != quant::FormatId::i32;
  if (!fits) return refuse(call, index, argument, format("one row of {} reals", columns));
  return {};
}

Result<OpResult> unary(const OpCall& call) {
  ABI_TRY(activation(call, 0, "x"));
  return OpResult{.shape = call.inputs[0]->shape};
}

Result<OpResult> binary(const OpCall& call) {
  ABI_TRY(activation(call, 0, "a"));
  const Shape& shape = call.inputs[0]->shape;
  const bool one_row = call.inputs[1]->shape.rows == 1 && call.inputs[1]->shape.dynamic == Rows::fixed;
  if (one_row) {
    ABI_TRY(vector(call, 1, "b", shape.columns));
  } else {
    ABI_TRY(activation(call, 1, "b", shape, shape.columns));
  }
  return OpResult{.shape = shape};
}

Result<void> in_range(const ReferenceCall& call, std::string_view what, std::int64_t found, std::int64_t limit,
                      std::int64_t row) {
  if (found >= 0 && found < limit) return {};
  return error(ErrorCode::out_of_range, "{}: {} {} of row {} is outside 0 to {}", name(call.node.op), what, found, row,
               limit - 1);
}

}  // namespace libabi::compute::rules
