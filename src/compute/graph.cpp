#include <abi/compute/graph.hpp>

#include "readers.hpp"

namespace libabi::compute {

std::span<const TensorId> Node::used_inputs() const noexcept {
  std::size_t count = 0;
  while (count < inputs.size() && inputs[count] != no_tensor) ++count;
  return {inputs.data(), count};
}

TensorId Graph::find(std::string_view name) const noexcept {
  for (std::size_t id = 0; id < tensors_.size(); ++id)
    if (tensors_[id].name == name) return static_cast<TensorId>(id);
  return no_tensor;
}

std::optional<Op> Graph::use(TensorId weight) const noexcept {
  if (weight >= tensors_.size() || tensors_[weight].role != Role::weight) return std::nullopt;
  for (const Node& node : nodes_)
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] == weight) return reader_of(node.op, i);
  return std::nullopt;
}

}  // namespace libabi::compute
