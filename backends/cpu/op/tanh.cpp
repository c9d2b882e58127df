#include "op/elementwise.hpp"

#include <cmath>

namespace libabi::backends::cpu {

// Only heads of single rows use it, so the C library's is good enough.
constinit const Operation operation::tanh = {.split = Split::elements, .element_ns = 8, .run = [](const Call& call) {
                                               each_row(call, [](float* out, const float* x, std::size_t n) {
                                                 for (std::size_t i = 0; i < n; ++i) out[i] = std::tanh(x[i]);
                                               });
                                             }};

}  // namespace libabi::backends::cpu
