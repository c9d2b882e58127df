#include "operation.hpp"

namespace libabi::backends::cpu {

namespace {

void run(const Call& call) {
  const View x = call.input(0), weight = call.input(1), out = call.output();
  const float* bias = call.has(2) ? call.input(2).floats(0) : nullptr;
  const float epsilon = call.attributes<compute::NormAttributes>().epsilon;
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row)
    call.run.kernels.simd.layer_norm(out.floats(row), x.floats(row), weight.floats(0), bias, static_cast<std::size_t>(x.columns),
                                     epsilon);
}

}  // namespace

constinit const Operation operation::layer_norm = {.split = Split::rows, .element_ns = 0.2, .run = &run};

}  // namespace libabi::backends::cpu
