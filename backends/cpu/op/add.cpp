#include "op/elementwise.hpp"

namespace libabi::backends::cpu {

constinit const Operation operation::add = {
    .split = Split::elements, .element_ns = 0.06, .run = [](const Call& call) { each_pair(call, call.run.kernels.simd.add); }};

}  // namespace libabi::backends::cpu
