// Products with F16.
#include "float_product.hpp"

namespace libabi::quant::ABI_ISA_NS {

constinit const MatrixKernel matrix::f16 = float_kernel<HalfRow<&from_f16>>;

}  // namespace libabi::quant::ABI_ISA_NS
