#include "device.hpp"

#include <abi/base/boundary.hpp>
#include <abi/compute/reference.hpp>
#include <abi/memory/buffer.hpp>

namespace libabi::backends::null {

namespace {

using namespace compute;

/// A weight where it stands, or a state with memory of its own.
class Tensor final : public DeviceTensor {
 public:
  Tensor(const TensorDesc& desc, std::span<const std::byte> bytes) : desc_(desc), bytes_(bytes) {}
  Tensor(const TensorDesc& desc, memory::Buffer memory) : desc_(desc), memory_(std::move(memory)) {}

  std::uint64_t owned_bytes() const noexcept override { return memory_.size(); }
  const TensorDesc& desc() const noexcept { return desc_; }
  Operand operand() noexcept {
    return desc_.role == Role::weight ? Operand::readable(desc_.format, desc_.shape, bytes_.data())
                                      : Operand::writable(desc_.format, desc_.shape, memory_.data());
  }

 private:
  TensorDesc desc_;
  std::span<const std::byte> bytes_;
  memory::Buffer memory_;
};

Result<void> check_role(const TensorDesc& desc, Role role, std::string_view expected) {
  if (desc.role == role) return {};
  return error(ErrorCode::invalid_argument, "tensor '{}' is {}, which is no {}", desc.name, text(desc), expected);
}

Result<Operand> bound_operand(const TensorDesc& desc, DeviceTensor* bound) {
  auto* tensor = dynamic_cast<Tensor*>(bound);
  if (!tensor) return error(ErrorCode::invalid_argument, "'{}' is bound to nothing of the device null", desc.name);
  const TensorDesc& found = tensor->desc();
  if (found.role != desc.role || found.format != desc.format || found.shape != desc.shape)
    return error(ErrorCode::invalid_argument, "'{}' is {}, but bound to '{}' {}", desc.name, text(desc), found.name, text(found));
  return tensor->operand();
}

Result<Operand> placed_operand(const TensorDesc& desc, std::byte* place, const RunShape& shape) {
  Shape rows = desc.shape;
  rows.rows = rows_of(desc.shape, shape);
  if (!place || rows.rows < 0 || rows.rows > desc.shape.rows)
    return error(ErrorCode::invalid_argument, "'{}' {} has {} rows in this run and {} place", desc.name, text(desc), rows.rows,
                 place ? "a" : "no");
  return Operand::writable(desc.format, rows, place);
}

Result<std::vector<Operand>> operands_of(const Graph& graph, const Bindings& bindings, const RunShape& shape) {
  const std::size_t count = graph.tensors().size();
  if (bindings.tensors.size() != count || bindings.places.size() != count)
    return error(ErrorCode::invalid_argument, "{} tensors and {} places are bound, the graph has {}", bindings.tensors.size(),
                 bindings.places.size(), count);
  std::vector<Operand> out(count);
  const auto add = [&](TensorId id) -> Result<void> {
    if (out[id]) return {};
    const TensorDesc& desc = graph.tensor(id);
    const bool bound = desc.role == Role::weight || desc.role == Role::state;
    ABI_TRY(out[id], bound ? bound_operand(desc, bindings.tensors[id]) : placed_operand(desc, bindings.places[id], shape));
    return {};
  };
  for (const Node& node : graph.nodes()) {
    for (const TensorId id : node.used_inputs()) ABI_TRY(add(id));
    ABI_TRY(add(node.output));
    const TensorDesc& second = graph.tensor(node.used_inputs().size() > 1 ? node.inputs[1] : node.inputs[0]);
    if (node.op == Op::attention && second.role == Role::state && (shape.cached < 0 || shape.cached > second.shape.rows))
      return error(ErrorCode::invalid_argument, "a run looks at {} cells, state '{}' has {}", shape.cached, second.name,
                   second.shape.rows);
  }
  return out;
}

}  // namespace

Result<std::uint64_t> Device::prepared_bytes(const TensorDesc& weight, Op) const {
  return boundary([&]() -> Result<std::uint64_t> {
    ABI_TRY(check_role(weight, Role::weight, "weight"));
    ABI_TRY(tensor_bytes(weight));
    return 0;
  });
}

Result<std::unique_ptr<DeviceTensor>> Device::prepare(const TensorDesc& weight, Op, std::span<const std::byte> bytes,
                                                      memory::MemoryAccount&) {
  return boundary([&]() -> Result<std::unique_ptr<DeviceTensor>> {
    ABI_TRY(check_role(weight, Role::weight, "weight"));
    ABI_TRY(const std::uint64_t expected, tensor_bytes(weight));
    if (bytes.size() != expected)
      return error(ErrorCode::invalid_argument, "weight '{}' {} comes with {} bytes, expected {}", weight.name, text(weight),
                   bytes.size(), expected);
    return std::make_unique<Tensor>(weight, bytes);
  });
}

Result<std::unique_ptr<DeviceTensor>> Device::make_state(const TensorDesc& state, memory::MemoryAccount& account) {
  return boundary([&]() -> Result<std::unique_ptr<DeviceTensor>> {
    ABI_TRY(check_role(state, Role::state, "state"));
    ABI_TRY(const std::uint64_t bytes, tensor_bytes(state));
    ABI_TRY(memory::Buffer memory, memory::Buffer::allocate_zeroed(bytes, account));
    return std::make_unique<Tensor>(state, std::move(memory));
  });
}

Result<void> Device::run(const Graph& graph, const Bindings& bindings, std::span<std::byte>, const RunShape& shape,
                         const task::StopToken& stop) {
  return boundary([&]() -> Result<void> {
    const std::lock_guard turn(turn_);
    ABI_TRY(const std::vector<Operand> operands, operands_of(graph, bindings, shape));
    return reference_run(graph, operands, shape, stop);
  });
}

}  // namespace libabi::backends::null
