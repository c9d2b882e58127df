#include "operation.hpp"

namespace libabi::backends::cpu {

namespace {

bool same(const Graph&, const Node& a, const Node& b) { return a.inputs[1] == b.inputs[1]; }

double nanoseconds(const Run& run, const Node& node) {
  return static_cast<double>(run.rows(node.inputs[1])) * static_cast<double>(run.graph.tensor(node.inputs[1]).shape.columns) *
         0.1;
}

void run(const Call& call) {
  const View x = call.input(1), out = call.run.region(call.step.writes);
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row)
    call.run.kernels.quant.quantize_input(x.floats(row), static_cast<std::size_t>(x.columns), out.bytes(row));
}

}  // namespace

constinit const Operation shared_step::quantize = {.split = Split::rows, .same = &same, .nanoseconds = &nanoseconds, .run = &run};

}  // namespace libabi::backends::cpu
