// The kernel table of one instruction set; compiled once for each.
#include "kernels/declarations.hpp"

namespace libabi::backends::cpu::ABI_ISA_NS {

extern const Kernels table;
constinit const Kernels table = {
    simd::Isa::ABI_ISA_NS,
#define ABI_KERNEL(result, name, parameters) &ABI_ISA_NS::name,
#include "kernels/kernels.def"
#undef ABI_KERNEL
};

}  // namespace libabi::backends::cpu::ABI_ISA_NS
