#include "operation.hpp"

namespace libabi::backends::cpu {

namespace {

void run(const Call& call) {
  const View x = call.input(0), weight = call.input(1), out = call.output();
  const float epsilon = call.attributes<compute::NormAttributes>().epsilon;
  const auto width = static_cast<std::size_t>(weight.columns), columns = static_cast<std::size_t>(x.columns);
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row)
    for (std::size_t first = 0; first < columns; first += width)
      call.run.kernels.simd.rms_norm(out.floats(row) + first, x.floats(row) + first, weight.floats(0), width, epsilon);
}

}  // namespace

constinit const Operation operation::rms_norm = {.split = Split::rows, .element_ns = 0.15, .run = &run};

}  // namespace libabi::backends::cpu
