// Products with Q8_0: value = d * q.
#include "block_product.hpp"

namespace libabi::quant::ABI_ISA_NS {

constinit const MatrixKernel matrix::q8_0 = block_kernel<Codes{.bits = 8, .offset = wide_offset, .minimum = false}>;

}  // namespace libabi::quant::ABI_ISA_NS
