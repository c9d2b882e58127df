// Q5_0: blocks of 32 elements in 22 bytes, value = d * (q - 16), q of five bits.
//
//   byte 0..1    d, f16
//   byte 2..5    bit 4 of q of element j in bit j, little-endian                      (j = 0..31)
//   byte 6 + j   bits 0..3 of q of element j in bits 0..3, of element j + 16 in bits 4..7  (j = 0..15)

#include "descriptors.hpp"
#include "grid.hpp"

namespace libabi::quant {

namespace {

constexpr std::uint32_t block_bytes = 22;

void decode(const std::byte* blocks, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, out += block::length) {
    const float d = block::load_f16(blocks);
    const std::uint32_t high = block::load_u32(blocks + 2);
    for (std::size_t j = 0; j < 16; ++j) {
      out[j] = d * static_cast<float>(static_cast<int>(block::low_nibble(blocks[6 + j]) | (high >> j & 1u) << 4) - 16);
      out[j + 16] =
          d * static_cast<float>(static_cast<int>(block::high_nibble(blocks[6 + j]) | (high >> (j + 16) & 1u) << 4) - 16);
    }
  }
}

void encode(const float* in, std::byte* blocks, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, in += block::length) {
    const block::Grid grid = block::fit_symmetric(in, 32);
    block::store_u16(f32_to_f16(grid.scale), blocks);
    std::uint32_t high = 0;
    for (std::size_t j = 0; j < block::length; ++j) high |= static_cast<std::uint32_t>(grid.codes[j] >> 4) << j;
    block::store_u32(high, blocks + 2);
    for (std::size_t j = 0; j < 16; ++j)
      blocks[6 + j] = static_cast<std::byte>((grid.codes[j] & 15) | (grid.codes[j + 16] & 15) << 4);
  }
}

}  // namespace

constinit const Format descriptor::q5_0 = {.id = FormatId::q5_0,
                                           .name = "Q5_0",
                                           .gguf_type = 6,
                                           .file_type = 8,
                                           .block_length = block::length,
                                           .block_bytes = block_bytes,
                                           .decode = &decode,
                                           .encode = &encode};

}  // namespace libabi::quant
