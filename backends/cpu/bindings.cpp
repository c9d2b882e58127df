#include "bindings.hpp"

#include <typeinfo>

namespace libabi::backends::cpu {

namespace {

using compute::Op;
using compute::Role;
using compute::TensorDesc;
using compute::TensorId;

std::unexpected<Error> not_as_needed(const TensorDesc& desc, std::string_view found) {
  return error(ErrorCode::invalid_argument, "tensor '{}' is {}, what is bound to it {}", desc.name, compute::text(desc), found);
}

Result<void> check_bound(const TensorDesc& desc, const compute::DeviceTensor* bound, Op use, std::size_t index,
                         const quant::Kernels& kernels) {
  if (!bound || typeid(*bound) != typeid(Tensor)) return not_as_needed(desc, "is no tensor of the device cpu");
  const auto& tensor = static_cast<const Tensor&>(*bound);
  if (tensor.shape() != desc.shape) return not_as_needed(desc, "has another shape");
  if (desc.role == Role::state) {
    if (tensor.format() != desc.format || tensor.held().own_bytes == 0) return not_as_needed(desc, "is no such state");
    return {};
  }
  const bool matrix = index == 0 && (use == Op::matmul || use == Op::expert_matmul), table = index == 0 && use == Op::get_rows;
  const quant::MatrixKernel* kernel = matrix ? kernels.matrix[static_cast<std::size_t>(desc.format)] : nullptr;
  if (tensor.format() != (matrix || table ? desc.format : quant::FormatId::f32) || tensor.held().kernel != kernel)
    return not_as_needed(desc, "was prepared for another use");
  return {};
}

}  // namespace

Result<void> check_shape(const compute::Graph& graph, const compute::RunShape& shape) {
  if (shape.tokens < 0 || shape.outputs < 0 || shape.cached < 0)
    return error(ErrorCode::invalid_argument, "a run has {} tokens, {} outputs and {} cached cells, expected none below 0",
                 shape.tokens, shape.outputs, shape.cached);
  for (const TensorDesc& desc : graph.tensors())
    if (compute::rows_of(desc.shape, shape) > desc.shape.rows)
      return error(ErrorCode::invalid_argument, "tensor '{}' is {}, the run has {} rows of it", desc.name, compute::text(desc),
                   compute::rows_of(desc.shape, shape));
  return {};
}

Result<void> check_bindings(const compute::Graph& graph, const compute::Bindings& bindings, const quant::Kernels& kernels) {
  const std::size_t count = graph.tensors().size();
  if (bindings.tensors.size() != count || bindings.places.size() != count)
    return error(ErrorCode::invalid_argument, "{} tensors and {} places are bound, the graph has {}", bindings.tensors.size(),
                 bindings.places.size(), count);
  const auto check = [&](TensorId id, Op use, std::size_t index) -> Result<void> {
    const TensorDesc& desc = graph.tensor(id);
    if (desc.role == Role::weight || desc.role == Role::state)
      return check_bound(desc, bindings.tensors[id], use, index, kernels);
    if (bindings.tensors[id] || !bindings.places[id]) return not_as_needed(desc, "is no place in memory");
    return {};
  };
  for (const compute::Node& node : graph.nodes()) {
    for (std::size_t i = 0; i < node.used_inputs().size(); ++i) ABI_TRY(check(node.inputs[i], node.op, i));
    ABI_TRY(check(node.output, node.op, node.inputs.size()));
  }
  return {};
}

}  // namespace libabi::backends::cpu
