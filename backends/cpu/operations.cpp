#include "operation.hpp"

namespace libabi::backends::cpu {

namespace {

constexpr const Operation* members[] = {
#define ABI_OP(name) &operation::name,
#include <abi/compute/ops.def>
#undef ABI_OP
};

}  // namespace

const Operation& operation_of(compute::Op op) noexcept { return *members[static_cast<std::size_t>(op)]; }

View Run::view(TensorId id) const noexcept {
  const compute::TensorDesc& desc = graph.tensor(id);
  if (const compute::DeviceTensor* bound = bindings.tensors[id]) {
    const auto& tensor = static_cast<const Tensor&>(*bound);
    // Only states are written, and those are the device's own memory.
    return {.data = const_cast<std::byte*>(tensor.data()),
            .row_bytes = static_cast<std::size_t>(tensor.held().row_bytes),
            .rows = desc.shape.rows,
            .columns = desc.shape.columns,
            .format = tensor.format()};
  }
  // Inputs and results are f32 or i32.
  return {.data = bindings.places[id],
          .row_bytes = static_cast<std::size_t>(desc.shape.columns) * 4,
          .rows = rows(id),
          .columns = desc.shape.columns,
          .format = desc.format};
}

View Run::region(std::uint32_t index) const noexcept {
  const Region& region = regions[index];
  return {.data = workspace + region.offset,
          .row_bytes = static_cast<std::size_t>(region.shape.columns),
          .rows = compute::rows_of(region.shape, shape),
          .columns = region.shape.columns};
}

}  // namespace libabi::backends::cpu
