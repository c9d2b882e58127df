#include "op/elementwise.hpp"

namespace libabi::backends::cpu {

constinit const Operation operation::mul = {
    .split = Split::elements, .element_ns = 0.06, .run = [](const Call& call) { each_pair(call, call.run.kernels.simd.mul); }};

}  // namespace libabi::backends::cpu
