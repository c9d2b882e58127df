#pragma once
/// What an operation is: the rule that its inputs must keep, the shape that comes out, and its scalar reference. Each
/// descriptor is defined in the file of its name.

#include <abi/compute/reference.hpp>

namespace libabi::compute {

/// An operation that is being added to a graph.
struct OpCall {
  Op op;
  std::array<const TensorDesc*, 4> inputs{};  ///< null: an optional one that is not given
  const Attributes& attributes;
};

struct OpResult {
  quant::FormatId format = quant::FormatId::f32;
  Shape shape;
};

/// A node that is being run by the reference.
struct ReferenceCall {
  const Graph& graph;
  const Node& node;
  std::span<const Operand> operands;  ///< by TensorId
  const RunShape& shape;

  bool has(std::size_t i) const { return node.inputs[i] != no_tensor; }
  const Operand& input(std::size_t i) const { return operands[node.inputs[i]]; }
  const TensorDesc& desc(std::size_t i) const { return graph.tensor(node.inputs[i]); }
  const Operand& output() const { return operands[node.output]; }
  template <class T>
  const T& attributes() const {
    return std::get<T>(node.attributes);
  }
};

struct OpDescriptor {
  Op op;
  std::string_view name;
  std::size_t required;       ///< the first so many inputs are needed
  std::size_t optional = 0;   ///< so many more may follow
  bool elementwise = false;   ///< element i of the output needs of an input of its shape only element i: it may overwrite it
  bool writes_state = false;  ///< the output is the state that stands second in the inputs
  Result<OpResult> (*infer)(const OpCall& call) = nullptr;
  Result<void> (*reference)(const ReferenceCall& call) = nullptr;
};

const OpDescriptor& descriptor_of(Op op) noexcept;

namespace descriptor {
#define ABI_OP(name) extern const OpDescriptor name;
#include <abi/compute/ops.def>
#undef ABI_OP
}  // namespace descriptor

}  // namespace libabi::compute
