#include "rows.hpp"

#include <cstring>
#include <limits>

namespace libabi::backends::cpu {

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();

bool supports(const Graph& graph, const Node& node) { return ids_are_known(graph, node.inputs[1], most); }

Result<void> check(const Run& run, const Node& node) { return check_ids(run, node, 1, "position", most); }

void plan(Planner& planner, std::uint32_t index, Step& step) {
  const Node& node = planner.graph.nodes()[index];
  compute::Shape shape = planner.graph.tensor(node.inputs[1]).shape;
  shape.columns = std::get<compute::RopeAttributes>(node.attributes).rotary_dim * static_cast<std::int64_t>(sizeof(float));
  step.reads[0] = planner.shared(shared_step::rope_table, index, shape);
}

void run(const Call& call) {
  const View x = call.input(0), out = call.output(), table = call.run.region(call.step.reads[0]);
  const auto& a = call.attributes<compute::RopeAttributes>();
  const auto pairs = static_cast<std::size_t>(a.rotary_dim / 2);
  const auto rotate = a.neox ? call.run.kernels.simd.rope_halves : call.run.kernels.simd.rope_neighbours;
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row) {
    const float* cosine = table.floats(row);
    if (a.rotary_dim < a.head_dim) std::memcpy(out.bytes(row), x.bytes(row), x.row_bytes);
    for (std::int64_t head = 0; head < x.columns; head += a.head_dim)
      rotate(out.floats(row) + head, x.floats(row) + head, cosine, cosine + pairs, pairs);
  }
}

}  // namespace

constinit const Operation operation::rope = {
    .split = Split::rows, .supports = &supports, .check = &check, .plan = &plan, .element_ns = 0.2, .run = &run};

}  // namespace libabi::backends::cpu
