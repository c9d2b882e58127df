#include "expert_slots.hpp"
#include "product.hpp"
#include "program.hpp"

#include <cstring>

namespace libabi::backends::cpu {

namespace {

bool same(const Graph& graph, const Node& a, const Node& b) {
  const compute::TensorDesc &wa = graph.tensor(a.inputs[0]), &wb = graph.tensor(b.inputs[0]);
  return a.inputs[1] == b.inputs[1] && a.inputs[2] == b.inputs[2] && wa.format == wb.format &&
         wa.shape.planes == wb.shape.planes && wa.shape.columns == wb.shape.columns;
}

void plan(Planner& planner, std::uint32_t index, Step& step) { step.reads[0] = plan_expert_order(planner, index); }

double nanoseconds(const Run& run, const Node& node) {
  const compute::Shape& ids = run.graph.tensor(node.inputs[2]).shape;
  return static_cast<double>(run.rows(node.inputs[2])) * static_cast<double>(ids.columns) *
         static_cast<double>(run.graph.tensor(node.inputs[0]).shape.columns) * 0.1;
}

void run(const Call& call) {
  const View x = call.input(1), ids = call.input(2);
  const auto columns = static_cast<std::size_t>(call.desc(0).shape.columns);
  const bool quantized = wants_quantized(call.run.kernels, call.desc(0).format);
  const std::size_t row_bytes = quantized ? call.run.kernels.quant.input_bytes(columns) : columns * sizeof(float);
  const ExpertSlots sorted = expert_slots(call, call.step.reads[0]);
  const bool one_for_all = static_cast<std::size_t>(x.columns) == columns;
  std::byte* out = call.run.region(call.step.writes).data;
  const Range own = share_of(ids.rows * ids.columns, call.member, call.members);
  for (std::int64_t i = own.begin; i < own.end; ++i) {
    const std::int64_t token = sorted.slots[i] / ids.columns, slot = sorted.slots[i] % ids.columns;
    const float* from = x.floats(token) + (one_for_all ? 0 : static_cast<std::size_t>(slot) * columns);
    std::byte* to = out + static_cast<std::size_t>(i) * row_bytes;
    if (quantized)
      call.run.kernels.quant.quantize_input(from, columns, to);
    else
      std::memcpy(to, from, row_bytes);
  }
}

}  // namespace

constinit const Operation shared_step::expert_inputs = {
    .split = Split::claims, .by_row = false, .plan = &plan, .same = &same, .nanoseconds = &nanoseconds, .run = &run};

}  // namespace libabi::backends::cpu
