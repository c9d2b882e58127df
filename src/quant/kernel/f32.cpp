// Products with F32.
#include "float_product.hpp"

namespace libabi::quant::ABI_ISA_NS {

constinit const MatrixKernel matrix::f32 = float_kernel<F32Row>;

}  // namespace libabi::quant::ABI_ISA_NS
