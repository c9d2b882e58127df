#pragma once
/// Which instruction set the kernels of every layer use. A kernel source is compiled once per instruction set into a
/// namespace of its own; a layer's `kernels()` returns the table of the best one that this processor runs.

#include <abi/base/error.hpp>

#include <cstdint>
#include <span>

namespace libabi::simd {

enum class Isa : std::uint8_t {
#define ABI_ISA(name, architecture) name,
#include <abi/simd/isa.def>
#undef ABI_ISA
};

/// The instruction set in use: the best that this processor runs, or the one that the environment variable ABI_ISA
/// names. A name that is unknown or cannot run here is logged as a warning, and the best is used. Chosen once.
ABI_API Isa isa() noexcept;
/// Those compiled into this build that this processor can run, plainest first; tests walk them.
ABI_API std::span<const Isa> runnable_isas() noexcept;
ABI_API std::string_view name(Isa isa) noexcept;

}  // namespace libabi::simd
