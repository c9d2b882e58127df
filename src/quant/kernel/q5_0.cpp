// Products with Q5_0: value = d * (q - 16).
#include "block_product.hpp"

namespace libabi::quant::ABI_ISA_NS {

constinit const MatrixKernel matrix::q5_0 = block_kernel<Codes{.bits = 5, .offset = 16, .minimum = false}>;

}  // namespace libabi::quant::ABI_ISA_NS
