#include "operation.hpp"

namespace libabi::backends::cpu {

namespace {

double nanoseconds(const Run& run, const Node& node) {
  return static_cast<double>(run.rows(node.output)) * static_cast<double>(run.graph.tensor(node.inputs[0]).shape.columns) * 0.08;
}

void run(const Call& call) {
  const View x = call.input(0), weights = call.input(1), out = call.output();
  const simd::Kernels& simd = call.run.kernels.simd;
  const auto n = static_cast<std::size_t>(call.column_end - call.column_begin);
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row) {
    float* y = out.floats(row) + call.column_begin;
    const float* slot = x.floats(row) + call.column_begin;
    simd.scale(y, slot, weights.floats(row)[0], n);
    for (std::int64_t u = 1; u < weights.columns; ++u) simd.scale_add(y, slot + u * out.columns, weights.floats(row)[u], n);
  }
}

}  // namespace

constinit const Operation operation::expert_sum = {.split = Split::elements, .nanoseconds = &nanoseconds, .run = &run};

}  // namespace libabi::backends::cpu
