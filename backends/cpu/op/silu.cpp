#include "op/elementwise.hpp"

namespace libabi::backends::cpu {

constinit const Operation operation::silu = {
    .split = Split::elements, .element_ns = 0.3, .run = [](const Call& call) { each_row(call, call.run.kernels.simd.silu); }};

}  // namespace libabi::backends::cpu
