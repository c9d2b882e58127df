#pragma once
/// The kernels of kernels.def, declared in the namespace of the instruction set that is being compiled.

#include <abi/simd/distance.hpp>
#include <abi/simd/gemm.hpp>

#include <cstddef>
#include <cstdint>

namespace libabi::simd::ABI_ISA_NS {
#define ABI_KERNEL(result, name, parameters) result name parameters;
#include <abi/simd/kernels.def>
#undef ABI_KERNEL
}  // namespace libabi::simd::ABI_ISA_NS
