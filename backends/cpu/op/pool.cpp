#include "operation.hpp"

#include <algorithm>

namespace libabi::backends::cpu {

namespace {

double nanoseconds(const Run& run, const Node& node) {
  return static_cast<double>(run.rows(node.inputs[0])) * static_cast<double>(run.graph.tensor(node.output).shape.columns) * 0.1;
}

void run(const Call& call) {
  const View x = call.input(0), out = call.output();
  const simd::Kernels& simd = call.run.kernels.simd;
  const auto n = static_cast<std::size_t>(call.column_end - call.column_begin);
  const auto part = [&](std::int64_t row) { return x.floats(row) + call.column_begin; };
  float* y = out.floats(0) + call.column_begin;
  std::fill_n(y, n, 0.0f);
  if (x.rows == 0) return;
  switch (call.attributes<compute::PoolAttributes>().pooling) {
    case compute::Pooling::cls: std::copy_n(part(0), n, y); return;
    case compute::Pooling::last: std::copy_n(part(x.rows - 1), n, y); return;
    case compute::Pooling::mean:
      for (std::int64_t row = 0; row < x.rows; ++row) simd.add(y, y, part(row), n);
      simd.scale(y, y, 1.0f / static_cast<float>(x.rows), n);
  }
}

}  // namespace

constinit const Operation operation::pool = {.split = Split::elements, .by_row = false, .nanoseconds = &nanoseconds, .run = &run};

}  // namespace libabi::backends::cpu
