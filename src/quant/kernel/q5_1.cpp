// Products with Q5_1: value = d * q + m.
#include "block_product.hpp"

namespace libabi::quant::ABI_ISA_NS {

constinit const MatrixKernel matrix::q5_1 = block_kernel<Codes{.bits = 5, .offset = 0, .minimum = true}>;

}  // namespace libabi::quant::ABI_ISA_NS
