#include "op/descriptors.hpp"
#include "readers.hpp"

#include <abi/base/boundary.hpp>

namespace libabi::compute {

namespace {

Result<void> check_name(const Graph& graph, std::string_view name) {
  if (name.empty()) return error(ErrorCode::invalid_argument, "a tensor has no name");
  if (graph.find(name) != no_tensor) return error(ErrorCode::invalid_argument, "two tensors of a graph are called '{}'", name);
  return {};
}

/// What a tensor of the caller may be: weights and states hold reals and are as large as they are, inputs are f32 or i32.
Result<void> check_role(const TensorDesc& desc) {
  if (desc.role == Role::input) {
    if (desc.format != quant::FormatId::f32 && desc.format != quant::FormatId::i32)
      return error(ErrorCode::invalid_argument, "input '{}' is {}, expected f32 or i32", desc.name, text(desc));
  } else {
    if (quant::format(desc.format).decode == nullptr)
      return error(ErrorCode::invalid_argument, "weight or state '{}' is {}, expected a format of reals", desc.name, text(desc));
    if (desc.shape.dynamic != Rows::fixed)
      return error(ErrorCode::invalid_argument, "weight or state '{}' is {}, expected fixed rows", desc.name, text(desc));
  }
  if (desc.role != Role::weight && desc.shape.planes != 1)
    return error(ErrorCode::invalid_argument, "'{}' is {}, only weights have planes", desc.name, text(desc));
  return {};
}

/// Every weight is read in one way (Graph::use).
Result<void> check_uses(const Graph& graph) {
  std::vector<std::optional<Access>> found(graph.tensors().size());
  for (const Node& node : graph.nodes())
    for (std::size_t i = 0; i < node.used_inputs().size(); ++i) {
      const TensorId id = node.inputs[i];
      if (graph.tensor(id).role != Role::weight) continue;
      const Access access = access_of(node.op, i);
      if (found[id] && *found[id] != access)
        return error(ErrorCode::invalid_argument,
                     "weight '{}' is read as {} and, by {}, as {}; expected one use, or two weights of the graph",
                     graph.tensor(id).name, name(*found[id]), name(node.op), name(access));
      found[id] = access;
    }
  return {};
}

/// Takes the error of what a call made; moved, since nothing may throw here.
template <class T>
bool succeeded(Result<T>& result, Result<void>& status) noexcept {
  if (!result) status = std::unexpected(std::move(result).error());
  return result.has_value();
}

}  // namespace

Result<TensorId> GraphBuilder::try_place(std::string_view name, quant::FormatId format, const Shape& shape, Role role) {
  ABI_TRY(check_name(graph_, name));
  TensorDesc desc{std::string(name), format, shape, role};
  ABI_TRY(check_role(desc));
  ABI_TRY(tensor_bytes(desc));
  graph_.tensors_.push_back(std::move(desc));
  return static_cast<TensorId>(graph_.tensors_.size() - 1);
}

TensorId GraphBuilder::place(std::string_view name, quant::FormatId format, const Shape& shape, Role role) {
  if (!status_) return no_tensor;
  auto id = boundary([&] { return try_place(name, format, shape, role); });
  return succeeded(id, status_) ? *id : no_tensor;
}

Result<TensorId> GraphBuilder::try_node(Op op, std::array<TensorId, 4> inputs, Attributes attributes) {
  const OpDescriptor& rule = descriptor_of(op);
  OpCall call{.op = op, .attributes = attributes};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == no_tensor && i >= rule.required) continue;
    if (inputs[i] >= graph_.tensors_.size())
      return error(ErrorCode::invalid_argument, "{}: input {} is no tensor of this graph", rule.name, i);
    call.inputs[i] = &graph_.tensors_[inputs[i]];
  }
  ABI_TRY(OpResult result, rule.infer(call));
  TensorId output = inputs[1];
  if (!rule.writes_state) {
    TensorDesc desc{format("{}#{}", rule.name, graph_.nodes_.size()), result.format, result.shape, Role::intermediate};
    ABI_TRY(check_name(graph_, desc.name));
    ABI_TRY(tensor_bytes(desc));
    output = static_cast<TensorId>(graph_.tensors_.size());
    graph_.tensors_.push_back(std::move(desc));
  }
  graph_.nodes_.push_back({op, inputs, output, std::move(attributes)});
  return output;
}

TensorId GraphBuilder::node(Op op, std::array<TensorId, 4> inputs, Attributes attributes) {
  if (!status_) return no_tensor;
  auto id = boundary([&] { return try_node(op, inputs, std::move(attributes)); });
  return succeeded(id, status_) ? *id : no_tensor;
}

Result<void> GraphBuilder::try_output(TensorId id, std::string_view name) {
  if (id >= graph_.tensors_.size()) return error(ErrorCode::invalid_argument, "output '{}' is no tensor of this graph", name);
  const TensorDesc& desc = graph_.tensors_[id];
  if (desc.role != Role::intermediate)
    return error(ErrorCode::invalid_argument, "output '{}' is the caller's tensor '{}', expected a result of the graph", name,
                 desc.name);
  for (const TensorId other : graph_.outputs_)
    if (other == id) return error(ErrorCode::invalid_argument, "output '{}' is an output already, as '{}'", name, desc.name);
  ABI_TRY(check_name(graph_, name));
  graph_.outputs_.push_back(id);
  graph_.tensors_[id].name = name;
  return {};
}

void GraphBuilder::output(TensorId id, std::string_view name) {
  if (status_) status_ = boundary([&] { return try_output(id, name); });
}

const TensorDesc& GraphBuilder::desc(TensorId id) const noexcept {
  static const TensorDesc none{};
  return id < graph_.tensors_.size() ? graph_.tensors_[id] : none;
}

Result<Graph> GraphBuilder::finish() && {
  if (!status_) return std::unexpected(std::move(status_).error());
  return boundary([&]() -> Result<Graph> {
    ABI_TRY(check_uses(graph_));
    return std::move(graph_);
  });
}

TensorId GraphBuilder::weight(std::string_view name, quant::FormatId format, const Shape& shape) {
  return place(name, format, shape, Role::weight);
}
TensorId GraphBuilder::state(std::string_view name, quant::FormatId format, const Shape& shape) {
  return place(name, format, shape, Role::state);
}
TensorId GraphBuilder::input(std::string_view name, quant::FormatId format, const Shape& shape) {
  return place(name, format, shape, Role::input);
}

namespace {

std::array<TensorId, 4> inputs_of(TensorId a, TensorId b = no_tensor, TensorId c = no_tensor, TensorId d = no_tensor) {
  return {a, b, c, d};
}

}  // namespace

TensorId GraphBuilder::get_rows(TensorId table, TensorId ids) { return node(Op::get_rows, inputs_of(table, ids)); }
TensorId GraphBuilder::matmul(TensorId weight, TensorId x, TensorId bias) { return node(Op::matmul, inputs_of(weight, x, bias)); }
TensorId GraphBuilder::expert_matmul(TensorId weight, TensorId x, TensorId ids) {
  return node(Op::expert_matmul, inputs_of(weight, x, ids));
}
TensorId GraphBuilder::top_experts(TensorId logits, std::int32_t used) {
  return node(Op::top_experts, inputs_of(logits), RouteAttributes{.used = used});
}
TensorId GraphBuilder::expert_weights(TensorId logits, TensorId ids, bool normalize) {
  const auto used = static_cast<std::int32_t>(desc(ids).shape.columns);
  return node(Op::expert_weights, inputs_of(logits, ids), RouteAttributes{.used = used, .normalize = normalize});
}
TensorId GraphBuilder::expert_sum(TensorId x, TensorId weights) { return node(Op::expert_sum, inputs_of(x, weights)); }
TensorId GraphBuilder::add(TensorId a, TensorId b) { return node(Op::add, inputs_of(a, b)); }
TensorId GraphBuilder::mul(TensorId a, TensorId b) { return node(Op::mul, inputs_of(a, b)); }
TensorId GraphBuilder::scale(TensorId a, float factor) { return node(Op::scale, inputs_of(a), ScaleAttributes{factor}); }
TensorId GraphBuilder::rms_norm(TensorId x, TensorId weight, float epsilon) {
  return node(Op::rms_norm, inputs_of(x, weight), NormAttributes{epsilon});
}
TensorId GraphBuilder::layer_norm(TensorId x, TensorId weight, TensorId bias, float epsilon) {
  return node(Op::layer_norm, inputs_of(x, weight, bias), NormAttributes{epsilon});
}
TensorId GraphBuilder::rope(TensorId x, TensorId positions, const RopeAttributes& attributes, TensorId factors) {
  return node(Op::rope, inputs_of(x, positions, factors), attributes);
}
TensorId GraphBuilder::store_rows(TensorId source, TensorId state, TensorId cells) {
  return node(Op::store_rows, inputs_of(source, state, cells));
}
TensorId GraphBuilder::attention(TensorId q, TensorId k, TensorId v, TensorId positions, const AttentionAttributes& attributes) {
  return node(Op::attention, inputs_of(q, k, v, positions), attributes);
}
TensorId GraphBuilder::silu(TensorId x) { return node(Op::silu, inputs_of(x)); }
TensorId GraphBuilder::gelu(TensorId x) { return node(Op::gelu, inputs_of(x)); }
TensorId GraphBuilder::tanh(TensorId x) { return node(Op::tanh, inputs_of(x)); }
TensorId GraphBuilder::swiglu(TensorId gate, TensorId up) { return node(Op::swiglu, inputs_of(gate, up)); }
TensorId GraphBuilder::pool(TensorId x, Pooling pooling) { return node(Op::pool, inputs_of(x), PoolAttributes{pooling}); }

}  // namespace libabi::compute
