#pragma once
/// Kernels of attention and of cached rows, one table per instruction set. Fetch `cpu::kernels()` once, outside the loop.

#include <abi/simd/isa.hpp>

#include <cstddef>
#include <cstdint>

namespace libabi::backends::cpu {

/// Cells that attention takes at once. Part of what defines a result: sums are rescaled from tile to tile.
inline constexpr std::size_t key_tile = 64;
/// Rows of attention's scratch are padded with zeros to a multiple of it: the widest vector of floats.
inline constexpr std::size_t dim_step = 16;

struct Kernels {
  simd::Isa isa;
#define ABI_KERNEL(result, name, parameters) result(*name) parameters;
#include "kernels/kernels.def"
#undef ABI_KERNEL
};

/// The table of simd::isa(), chosen once.
const Kernels& kernels() noexcept;
/// Null when this build or this processor lacks the instruction set.
const Kernels* kernels_for(simd::Isa isa) noexcept;

}  // namespace libabi::backends::cpu
