// The kernel table of one instruction set; compiled once for each.
#include "declarations.hpp"

#include <abi/simd/kernels.hpp>

namespace libabi::simd::ABI_ISA_NS {

extern const Kernels table;
constinit const Kernels table = {
    Isa::ABI_ISA_NS,
#define ABI_KERNEL(result, name, parameters) &ABI_ISA_NS::name,
#include <abi/simd/kernels.def>
#undef ABI_KERNEL
};

}  // namespace libabi::simd::ABI_ISA_NS
