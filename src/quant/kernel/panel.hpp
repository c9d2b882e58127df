#pragma once
/// Weights in blocks of 32 as the products want them: a panel is one or two vectors of rows, which a product reads as one
/// stream. Block by block of columns it holds, each with one entry a row:
///
///   scales     f16
///   minimums   f16                                     where the format has them
///   high bits  4 bytes: bit g of byte j is bit 4 of column 4 g + j       5 bits
///   8 words of 4 codes, columns 4 g .. 4 g + 3 in word g                 8 bits
///   4 words of 4 bytes, columns 4 g + j low, 16 + 4 g + j high in byte j of word g    4 and 5 bits

#include "dot.hpp"

namespace libabi::quant::ABI_ISA_NS {
namespace {

/// value = scale * (code - offset) + minimum. In the file a block is scale, minimum, high bits, codes, as far as the format
/// has them, and holds the low bits of column j and j + 16 in byte j.
struct Codes {
  int bits;
  int offset;
  bool minimum;
};

constexpr std::size_t block_columns = 32;

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int panel_vectors = 2;
#else
constexpr int panel_vectors = 1;
#endif
constexpr std::size_t panel_rows = panel_vectors * lanes;

/// Where the parts of a block stand, with `rows` rows in it: the file's blocks have one.
template <Codes codes, std::size_t rows>
struct Layout {
  static constexpr bool five = codes.bits == 5;
  static constexpr std::size_t words = codes.bits == 8 ? 8 : 4;
  static constexpr std::size_t minimums = 2 * rows;
  static constexpr std::size_t high = (codes.minimum ? 4 : 2) * rows;
  static constexpr std::size_t first_word = high + (five ? 4 * rows : 0);
  static constexpr std::size_t bytes = first_word + words * 4 * rows;
};

/// Bit 4 g + j of `bits` to bit g of byte j.
ABI_INLINE std::uint32_t spread_high_bits(std::uint32_t bits) {
  std::uint32_t spread = 0;
  for (int g = 0; g < 8; ++g) spread |= ((bits >> 4 * g & 15u) * 0x00204081u & 0x01010101u) << g;
  return spread;
}

template <Codes codes>
std::uint64_t panel_bytes(std::size_t columns) {
  return columns / block_columns * Layout<codes, panel_rows>::bytes;
}

/// A missing row has scale and minimum 0.
template <Codes codes>
void pack_panel(const std::byte* rows, std::size_t row_stride, std::size_t row_count, std::size_t columns, std::byte* panel) {
  using File = Layout<codes, 1>;
  using Panel = Layout<codes, panel_rows>;
  __builtin_memset(panel, 0, static_cast<std::size_t>(panel_bytes<codes>(columns)));
  for (std::size_t b = 0; b < columns / block_columns; ++b, panel += Panel::bytes)
    for (std::size_t r = 0; r < row_count; ++r) {
      const std::byte* block = rows + r * row_stride + b * File::bytes;
      __builtin_memcpy(panel + 2 * r, block, 2);
      if constexpr (codes.minimum) __builtin_memcpy(panel + Panel::minimums + 2 * r, block + File::minimums, 2);
      if constexpr (Panel::five)
        store_as(panel + Panel::high + 4 * r, spread_high_bits(load_as<std::uint32_t>(block + File::high)));
      for (std::size_t g = 0; g < Panel::words; ++g) {
        std::uint32_t word = load_as<std::uint32_t>(block + File::first_word + 4 * g);
        if constexpr (codes.bits == 8 && wide_offset != 0) word ^= 0x80808080u;
        store_as(panel + Panel::first_word + (g * panel_rows + r) * 4, word);
      }
    }
}

/// The codes of columns 4 g .. 4 g + 3 (first) and 16 + 4 g .. 16 + 4 g + 3 (second) of the rows of one vector.
struct CodePair {
  U8 first, second;
};
template <Codes codes>
ABI_INLINE CodePair load_codes(const std::byte* block, int vector, int g) {
  using Panel = Layout<codes, panel_rows>;
  const std::size_t rows = static_cast<std::size_t>(vector) * lanes * 4;
  const std::byte* words = block + Panel::first_word + static_cast<std::size_t>(g) * panel_rows * 4 + rows;
  if constexpr (codes.bits == 8) return {load_as<U8>(words), load_as<U8>(words + 4 * panel_rows * 4)};
  const U32 both = load_as<U32>(words);
  U32 first = both & 0x0f0f0f0fu, second = both >> 4 & 0x0f0f0f0fu;
  if constexpr (Panel::five) {
    const U32 high = load_as<U32>(block + Panel::high + rows);
    first |= high << (4 - g) & 0x10101010u;
    second |= high >> g & 0x10101010u;
  }
  return {bits<U8>(first), bits<U8>(second)};
}

/// The scales (offset 0) or minimums of the rows of one vector.
ABI_INLINE F32 load_halves(const std::byte* block, std::size_t offset, int vector) {
  return from_f16(load_as<U16>(block + offset + static_cast<std::size_t>(vector) * lanes * 2));
}

}  // namespace
}  // namespace libabi::quant::ABI_ISA_NS
