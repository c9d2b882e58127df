#include "kernels/kernels.hpp"

namespace libabi::backends::cpu {
#include <abi/simd/dispatch.inc>
}  // namespace libabi::backends::cpu
