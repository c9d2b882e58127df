#pragma once
/// Storage formats of tensor elements: plain floats and blocks of quantised values, as GGUF stores them.

#include <abi/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace libabi::quant {

/// The index of a format in formats.def. Files hold `Format::gguf_type` instead.
enum class FormatId : std::uint8_t {
#define ABI_FORMAT(name) name,
#include <abi/quant/formats.def>
#undef ABI_FORMAT
};

/// Format::file_type of a format that no file is mostly of.
inline constexpr std::uint32_t no_file_type = 0xffffffff;

/// One format: its layout and its plain, exact conversions (the specification; fast ones are in kernels.hpp).
struct Format {
  FormatId id;
  std::string_view name;       ///< as GGUF tools print it: "F32", "Q4_0"
  std::uint32_t gguf_type;     ///< the number in a GGUF tensor's description
  std::uint32_t file_type;     ///< the number of `general.file_type` for a file mostly of this format
  std::uint32_t block_length;  ///< elements of a block
  std::uint32_t block_bytes;   ///< bytes of a block
  /// Decodes n elements, n a multiple of block_length; exact. Null where the format holds no reals (i32).
  void (*decode)(const std::byte* blocks, float* out, std::size_t n);
  /// Encodes n finite elements, n a multiple of block_length. Null as above.
  void (*encode)(const float* in, std::byte* blocks, std::size_t n);
};

ABI_API std::span<const Format* const> formats() noexcept;
ABI_API const Format& format(FormatId id) noexcept;
/// Null when this build knows no such format. The name is compared without case.
ABI_API const Format* find_format(std::string_view name) noexcept;
ABI_API const Format* find_gguf_type(std::uint32_t gguf_type) noexcept;

/// Bytes of a row of `columns` elements. Errors: invalid_argument where columns is no multiple of the block length.
ABI_API Result<std::uint64_t> row_bytes(const Format& format, std::uint64_t columns);

/// IEEE 754 binary16 and bfloat16 as their bits; exact, round to nearest even, NaN stays NaN.
ABI_API float f16_to_f32(std::uint16_t bits) noexcept;
ABI_API std::uint16_t f32_to_f16(float value) noexcept;
ABI_API float bf16_to_f32(std::uint16_t bits) noexcept;
ABI_API std::uint16_t f32_to_bf16(float value) noexcept;

}  // namespace libabi::quant
