#include "expert_slots.hpp"

namespace libabi::backends::cpu {

namespace {

bool same(const Graph& graph, const Node& a, const Node& b) {
  return a.inputs[2] == b.inputs[2] && graph.tensor(a.inputs[0]).shape.planes == graph.tensor(b.inputs[0]).shape.planes;
}

/// One member does it: counting sort, in the order of slots within an expert.
void run(const Call& call) {
  if (call.member != 0) return;
  const View ids = call.input(2);
  const std::int64_t experts = call.desc(0).shape.planes;
  const ExpertSlots sorted = expert_slots(call, call.step.writes);
  const auto each_slot = [&](auto body) {
    for (std::int64_t t = 0; t < ids.rows; ++t)
      for (std::int64_t u = 0; u < ids.columns; ++u) body(ids.ids(t)[u], static_cast<std::int32_t>(t * ids.columns + u));
  };
  for (std::int64_t e = 0; e <= experts; ++e) sorted.offsets[e] = 0;
  each_slot([&](std::int32_t expert, std::int32_t) { ++sorted.offsets[expert + 1]; });
  *sorted.active_count = 0;
  for (std::int32_t e = 0; e < experts; ++e) {
    if (sorted.offsets[e + 1] > 0) sorted.active[(*sorted.active_count)++] = e;
    sorted.offsets[e + 1] += sorted.offsets[e];
  }
  // Filled from the back, each offset moves from the end of its expert's slots to their beginning.
  std::int32_t* ends = sorted.offsets + 1;
  for (std::int64_t slot = ids.rows * ids.columns - 1; slot >= 0; --slot)
    sorted.slots[--ends[ids.ids(slot / ids.columns)[slot % ids.columns]]] = static_cast<std::int32_t>(slot);
  for (std::int64_t e = 0; e < experts; ++e) sorted.offsets[e] = sorted.offsets[e + 1];
  sorted.offsets[experts] = static_cast<std::int32_t>(ids.rows * ids.columns);
}

}  // namespace

std::uint32_t plan_expert_order(Planner& planner, std::uint32_t index) {
  const Node& node = planner.graph.nodes()[index];
  const compute::Shape& ids = planner.graph.tensor(node.inputs[2]).shape;
  const std::int64_t ints = ExpertSlots::count(planner.graph.tensor(node.inputs[0]).shape.planes, ids.rows * ids.columns);
  return planner.shared(shared_step::expert_order, index, {.columns = ints * static_cast<std::int64_t>(sizeof(std::int32_t))});
}

constinit const Operation shared_step::expert_order = {.split = Split::claims,
                                                       .by_row = false,
                                                       .same = &same,
                                                       .nanoseconds = [](const Run&, const Node&) { return 0.0; },
                                                       .run = &run};

}  // namespace libabi::backends::cpu
