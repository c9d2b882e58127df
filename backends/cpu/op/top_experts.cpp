#include "operation.hpp"

namespace libabi::backends::cpu {

namespace {

/// The greatest of the logits that are not chosen yet; NaN counts as less than all, so that there always are enough.
std::int32_t next_best(const float* logits, std::int32_t count, const std::int32_t* chosen, std::int32_t chosen_count) {
  const auto is_chosen = [&](std::int32_t i) {
    for (std::int32_t u = 0; u < chosen_count; ++u)
      if (chosen[u] == i) return true;
    return false;
  };
  std::int32_t best = -1;
  for (std::int32_t i = 0; i < count; ++i) {
    const bool better = best < 0 || logits[i] > logits[best] || (logits[best] != logits[best] && logits[i] == logits[i]);
    if (better && !is_chosen(i)) best = i;
  }
  return best;
}

void run(const Call& call) {
  const View logits = call.input(0), out = call.output();
  const std::int32_t used = call.attributes<compute::RouteAttributes>().used;
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row)
    for (std::int32_t u = 0; u < used; ++u)
      out.ids(row)[u] = next_best(logits.floats(row), static_cast<std::int32_t>(logits.columns), out.ids(row), u);
}

double nanoseconds(const Run& run, const Node& node) {
  const compute::TensorDesc& logits = run.graph.tensor(node.inputs[0]);
  const std::int32_t used = std::get<compute::RouteAttributes>(node.attributes).used;
  return static_cast<double>(run.rows(node.output)) * static_cast<double>(logits.shape.columns) * used * 0.7;
}

}  // namespace

constinit const Operation operation::top_experts = {.split = Split::rows, .nanoseconds = &nanoseconds, .run = &run};

}  // namespace libabi::backends::cpu
