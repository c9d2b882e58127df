#include "op/elementwise.hpp"

namespace libabi::backends::cpu {

constinit const Operation operation::scale = {
    .split = Split::elements, .element_ns = 0.06, .run = [](const Call& call) {
      const float factor = call.attributes<compute::ScaleAttributes>().factor;
      each_row(call, [&](float* out, const float* x, std::size_t n) { call.run.kernels.simd.scale(out, x, factor, n); });
    }};

}  // namespace libabi::backends::cpu
