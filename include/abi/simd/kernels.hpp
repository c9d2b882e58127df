#pragma once
/// Kernels on rows of f32, one table per instruction set. Fetch `simd::kernels()` once, outside the loop.

#include <abi/simd/distance.hpp>
#include <abi/simd/gemm.hpp>
#include <abi/simd/isa.hpp>

#include <cstddef>
#include <cstdint>

namespace libabi::simd {

struct Kernels {
  Isa isa;
#define ABI_KERNEL(result, name, parameters) result(*name) parameters;
#include <abi/simd/kernels.def>
#undef ABI_KERNEL
};

/// The table of isa(), chosen once.
ABI_API const Kernels& kernels() noexcept;
/// Null when this build or this processor lacks the instruction set. Tests walk runnable_isas() with it.
ABI_API const Kernels* kernels_for(Isa isa) noexcept;

}  // namespace libabi::simd
