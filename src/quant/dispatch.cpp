#include <abi/quant/kernels.hpp>

namespace libabi::quant {
#include <abi/simd/dispatch.inc>
}  // namespace libabi::quant
