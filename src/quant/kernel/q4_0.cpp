// Products with Q4_0: value = d * (q - 8).
#include "block_product.hpp"

namespace libabi::quant::ABI_ISA_NS {

constinit const MatrixKernel matrix::q4_0 = block_kernel<Codes{.bits = 4, .offset = 8, .minimum = false}>;

}  // namespace libabi::quant::ABI_ISA_NS
