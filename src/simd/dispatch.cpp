#include <abi/simd/kernels.hpp>

namespace libabi::simd {
#include <abi/simd/dispatch.inc>
}  // namespace libabi::simd
