#pragma once
/// What the kernels of one instruction set consist of, declared in its namespace.

#include <abi/quant/kernels.hpp>

namespace libabi::quant::ABI_ISA_NS {

std::size_t input_bytes(std::size_t columns);
void quantize_input(const float* x, std::size_t columns, std::byte* out);

namespace matrix {
#define ABI_MATRIX_KERNEL(name) extern const MatrixKernel name;
#include "kernels.def"
#undef ABI_MATRIX_KERNEL
}  // namespace matrix

}  // namespace libabi::quant::ABI_ISA_NS
