// Products with Q4_1: value = d * q + m.
#include "block_product.hpp"

namespace libabi::quant::ABI_ISA_NS {

constinit const MatrixKernel matrix::q4_1 = block_kernel<Codes{.bits = 4, .offset = 0, .minimum = true}>;

}  // namespace libabi::quant::ABI_ISA_NS
