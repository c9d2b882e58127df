#pragma once
/// The kernels of kernels.def, declared in the namespace of the instruction set that is being compiled.

#include "kernels/kernels.hpp"

namespace libabi::backends::cpu::ABI_ISA_NS {
#define ABI_KERNEL(result, name, parameters) result name parameters;
#include "kernels/kernels.def"
#undef ABI_KERNEL
}  // namespace libabi::backends::cpu::ABI_ISA_NS
