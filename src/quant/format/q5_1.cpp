// Q5_1: blocks of 32 elements in 24 bytes, value = d * q + m, q of five bits.
//
//   byte 0..1    d, f16
//   byte 2..3    m, f16
//   byte 4..7    bit 4 of q of element j in bit j, little-endian                      (j = 0..31)
//   byte 8 + j   bits 0..3 of q of element j in bits 0..3, of element j + 16 in bits 4..7  (j = 0..15)

#include "descriptors.hpp"
#include "grid.hpp"

namespace libabi::quant {

namespace {

constexpr std::uint32_t block_bytes = 24;

void decode(const std::byte* blocks, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, out += block::length) {
    const float d = block::load_f16(blocks), m = block::load_f16(blocks + 2);
    const std::uint32_t high = block::load_u32(blocks + 4);
    for (std::size_t j = 0; j < 16; ++j) {  // products of at most 16 bits: fused or not, the sum is the same
      out[j] = d * static_cast<float>(block::low_nibble(blocks[8 + j]) | (high >> j & 1u) << 4) + m;
      out[j + 16] = d * static_cast<float>(block::high_nibble(blocks[8 + j]) | (high >> (j + 16) & 1u) << 4) + m;
    }
  }
}

void encode(const float* in, std::byte* blocks, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, in += block::length) {
    const block::Grid grid = block::fit_affine(in, 32);
    block::store_u16(f32_to_f16(grid.scale), blocks);
    block::store_u16(f32_to_f16(grid.minimum), blocks + 2);
    std::uint32_t high = 0;
    for (std::size_t j = 0; j < block::length; ++j) high |= static_cast<std::uint32_t>(grid.codes[j] >> 4) << j;
    block::store_u32(high, blocks + 4);
    for (std::size_t j = 0; j < 16; ++j)
      blocks[8 + j] = static_cast<std::byte>((grid.codes[j] & 15) | (grid.codes[j + 16] & 15) << 4);
  }
}

}  // namespace

constinit const Format descriptor::q5_1 = {.id = FormatId::q5_1,
                                           .name = "Q5_1",
                                           .gguf_type = 7,
                                           .file_type = 9,
                                           .block_length = block::length,
                                           .block_bytes = block_bytes,
                                           .decode = &decode,
                                           .encode = &encode};

}  // namespace libabi::quant
