#include "op/elementwise.hpp"

namespace libabi::backends::cpu {

constinit const Operation operation::swiglu = {
    .split = Split::elements, .element_ns = 0.3, .run = [](const Call& call) { each_pair(call, call.run.kernels.simd.swiglu); }};

}  // namespace libabi::backends::cpu
