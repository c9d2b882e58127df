// Q4_1: blocks of 32 elements in 20 bytes, value = d * q + m.
//
//   byte 0..1    d, f16
//   byte 2..3    m, f16
//   byte 4 + j   q of element j in bits 0..3, q of element j + 16 in bits 4..7      (j = 0..15)

#include "descriptors.hpp"
#include "grid.hpp"

namespace libabi::quant {

namespace {

constexpr std::uint32_t block_bytes = 20;

void decode(const std::byte* blocks, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, out += block::length) {
    const float d = block::load_f16(blocks), m = block::load_f16(blocks + 2);
    for (std::size_t j = 0; j < 16; ++j) {  // the products have at most 15 bits: fused or not, the sum is the same
      out[j] = d * static_cast<float>(block::low_nibble(blocks[4 + j])) + m;
      out[j + 16] = d * static_cast<float>(block::high_nibble(blocks[4 + j])) + m;
    }
  }
}

void encode(const float* in, std::byte* blocks, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, in += block::length) {
    const block::Grid grid = block::fit_affine(in, 16);
    block::store_u16(f32_to_f16(grid.scale), blocks);
    block::store_u16(f32_to_f16(grid.minimum), blocks + 2);
    for (std::size_t j = 0; j < 16; ++j) blocks[4 + j] = static_cast<std::byte>(grid.codes[j] | grid.codes[j + 16] << 4);
  }
}

}  // namespace

constinit const Format descriptor::q4_1 = {.id = FormatId::q4_1,
                                           .name = "Q4_1",
                                           .gguf_type = 3,
                                           .file_type = 3,
                                           .block_length = block::length,
                                           .block_bytes = block_bytes,
                                           .decode = &decode,
                                           .encode = &encode};

}  // namespace libabi::quant
