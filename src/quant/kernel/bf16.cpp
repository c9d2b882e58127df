// Products with BF16.
#include "float_product.hpp"

namespace libabi::quant::ABI_ISA_NS {

constinit const MatrixKernel matrix::bf16 = float_kernel<HalfRow<&from_bf16>>;

}  // namespace libabi::quant::ABI_ISA_NS
