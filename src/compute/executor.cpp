#include <abi/base/boundary.hpp>
#include <abi/compute/executor.hpp>

#include <algorithm>

namespace libabi::compute {

namespace {

/// The most that a run of the graph may count.
RunShape limits_of(const Graph& graph) {
  constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();
  RunShape out{none, none, none};
  for (const TensorDesc& desc : graph.tensors()) {
    if (desc.shape.dynamic == Rows::tokens) out.tokens = std::min(out.tokens, desc.shape.rows);
    if (desc.shape.dynamic == Rows::outputs) out.outputs = std::min(out.outputs, desc.shape.rows);
  }
  for (const Node& node : graph.nodes())
    if (node.op == Op::attention && graph.tensor(node.inputs[1]).role == Role::state)
      out.cached = std::min(out.cached, graph.tensor(node.inputs[1]).shape.rows);
  return out;
}

Result<void> check_count(std::string_view what, std::int64_t found, std::int64_t limit) {
  if (found >= 0 && found <= limit) return {};
  return error(ErrorCode::invalid_argument, "a run has {} {}, the graph holds 0 to {}", found, what, limit);
}

Result<void> check_supported(const Graph& graph, const Device& device) {
  constexpr std::size_t named_max = 4;  // a message names so many nodes, and counts the rest
  std::string names;
  std::size_t count = 0;
  for (const Node& node : graph.nodes()) {
    if (device.supports(graph, node)) continue;
    if (count++ >= named_max) continue;
    names += names.empty() ? "" : ", ";
    names += format("{} of '{}' {}", name(node.op), graph.tensor(node.inputs[0]).name, text(graph.tensor(node.inputs[0])));
  }
  if (count == 0) return {};
  return error(ErrorCode::unsupported, "device {} does not support {} of {} operations: {}{}", device.name(), count,
               graph.nodes().size(), names, count > named_max ? ", ..." : "");
}

}  // namespace

Result<std::uint64_t> Executor::required_bytes(const Graph& graph, const Device& device) {
  return boundary([&]() -> Result<std::uint64_t> {
    ABI_TRY(const MemoryPlan plan, plan_memory(graph));
    ABI_TRY(const std::uint64_t workspace, device.workspace_bytes(graph));
    return plan.bytes + workspace;
  });
}

Result<Executor> Executor::create(Graph graph, Device& device, memory::MemoryAccount& account) {
  return boundary([&]() -> Result<Executor> {
    ABI_TRY(check_supported(graph, device));
    Executor out;
    ABI_TRY(out.plan_, plan_memory(graph));
    ABI_TRY(const std::uint64_t workspace, device.workspace_bytes(graph));
    ABI_TRY(out.memory_, memory::Buffer::allocate(out.plan_.bytes, account));
    ABI_TRY(out.workspace_, memory::Buffer::allocate(workspace, account));
    out.graph_ = std::move(graph);
    out.device_ = &device;
    out.limits_ = limits_of(out.graph_);
    out.bindings_.tensors.assign(out.graph_.tensors().size(), nullptr);
    for (TensorId id = 0; id < out.graph_.tensors().size(); ++id) {
      const std::uint64_t offset = out.plan_.offsets[id];
      out.bindings_.places.push_back(offset == no_place ? nullptr : out.memory_.data() + offset);
    }
    return out;
  });
}

Result<void> Executor::bind(std::string_view name, DeviceTensor& tensor) {
  return boundary([&]() -> Result<void> {
    const TensorId id = graph_.find(name);
    if (id == no_tensor) return error(ErrorCode::not_found, "tensor '{}' is not in the graph", name);
    const Role role = graph_.tensor(id).role;
    if (role != Role::weight && role != Role::state)
      return error(ErrorCode::invalid_argument, "tensor '{}' is placed by the graph, expected a weight or state", name);
    bindings_.tensors[id] = &tensor;
    return {};
  });
}

Result<void> Executor::check(const RunShape& shape) const {
  ABI_TRY(check_count("tokens", shape.tokens, limits_.tokens));
  ABI_TRY(check_count("outputs", shape.outputs, limits_.outputs));
  ABI_TRY(check_count("cached cells", shape.cached, limits_.cached));
  for (const Node& node : graph_.nodes()) {
    for (const TensorId id : node.used_inputs())
      if (!bindings_.places[id] && !bindings_.tensors[id])
        return error(ErrorCode::failed_precondition, "tensor '{}' is not bound", graph_.tensor(id).name);
    const bool cached = node.op == Op::attention && graph_.tensor(node.inputs[1]).role == Role::state;
    if (cached && shape.cached == 0 && rows_of(graph_.tensor(node.output).shape, shape) > 0)
      return error(ErrorCode::invalid_argument, "a run with attention over '{}' has 0 cached cells, expected at least 1",
                   graph_.tensor(node.inputs[1]).name);
  }
  return {};
}

Result<void> Executor::run(const RunShape& shape, const task::StopToken& stop) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(check(shape));
    return device_->run(graph_, bindings_, workspace_.bytes(), shape, stop);
  });
}

std::span<std::byte> Executor::place(TensorId id) noexcept {
  if (id >= bindings_.places.size() || !bindings_.places[id]) return {};
  // Counted before, when the plan was made, so there is a value.
  return {bindings_.places[id], static_cast<std::size_t>(tensor_bytes(graph_.tensor(id)).value_or(0))};
}

}  // namespace libabi::compute
