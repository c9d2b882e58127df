// The kernel table of one instruction set; compiled once for each.
#include "declarations.hpp"

#include <abi/quant/kernels.hpp>

namespace libabi::quant::ABI_ISA_NS {

namespace {

constexpr std::size_t format_count = 0
#define ABI_FORMAT(name) +1
#include <abi/quant/formats.def>
#undef ABI_FORMAT
    ;

struct ByFormat {
  const MatrixKernel* kernels[format_count] = {};
  consteval ByFormat() {
#define ABI_MATRIX_KERNEL(name) kernels[static_cast<std::size_t>(FormatId::name)] = &matrix::name;
#include "kernels.def"
#undef ABI_MATRIX_KERNEL
  }
};

constexpr ByFormat by_format;

}  // namespace

extern const Kernels table;
constinit const Kernels table = {
    .isa = simd::Isa::ABI_ISA_NS,
    .matrix = by_format.kernels,
    .input_bytes = &input_bytes,
    .quantize_input = &quantize_input,
};

}  // namespace libabi::quant::ABI_ISA_NS
