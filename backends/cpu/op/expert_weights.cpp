#include "rows.hpp"

#include <algorithm>

namespace libabi::backends::cpu {

namespace {

bool supports(const Graph& graph, const Node& node) {
  return ids_are_known(graph, node.inputs[1], graph.tensor(node.inputs[0]).shape.columns);
}

Result<void> check(const Run& run, const Node& node) {
  return check_ids(run, node, 1, "expert", run.graph.tensor(node.inputs[0]).shape.columns);
}

std::uint64_t scratch_bytes(const Graph& graph, const Node& node, const KernelTables&) {
  return static_cast<std::uint64_t>(graph.tensor(node.inputs[0]).shape.columns) * sizeof(float);
}

void run(const Call& call) {
  const View logits = call.input(0), ids = call.input(1), out = call.output();
  const simd::Kernels& simd = call.run.kernels.simd;
  const bool normalize = call.attributes<compute::RouteAttributes>().normalize;
  const auto experts = static_cast<std::size_t>(logits.columns), used = static_cast<std::size_t>(ids.columns);
  auto* p = reinterpret_cast<float*>(call.scratch);
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row) {
    const std::int32_t* chosen = ids.ids(row);
    float* y = out.floats(row);
    // Divided by the sum of the chosen, a softmax over all is one over the chosen alone.
    const float* from = logits.floats(row);
    if (!normalize) {
      std::copy_n(from, experts, p);
      simd.softmax(p, experts);
      from = p;
    }
    for (std::size_t u = 0; u < used; ++u) y[u] = from[chosen[u]];
    if (normalize) simd.softmax(y, used);
  }
}

}  // namespace

constinit const Operation operation::expert_weights = {
    .split = Split::rows, .supports = &supports, .check = &check, .scratch_bytes = &scratch_bytes, .element_ns = 10, .run = &run};

}  // namespace libabi::backends::cpu
