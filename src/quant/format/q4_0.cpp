// Q4_0: blocks of 32 elements in 18 bytes, value = d * (q - 8).
//
//   byte 0..1    d, f16
//   byte 2 + j   q of element j in bits 0..3, q of element j + 16 in bits 4..7      (j = 0..15)

#include "descriptors.hpp"
#include "grid.hpp"

namespace libabi::quant {

namespace {

constexpr std::uint32_t block_bytes = 18;

void decode(const std::byte* blocks, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, out += block::length) {
    const float d = block::load_f16(blocks);
    for (std::size_t j = 0; j < 16; ++j) {
      out[j] = d * static_cast<float>(static_cast<int>(block::low_nibble(blocks[2 + j])) - 8);
      out[j + 16] = d * static_cast<float>(static_cast<int>(block::high_nibble(blocks[2 + j])) - 8);
    }
  }
}

void encode(const float* in, std::byte* blocks, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, in += block::length) {
    const block::Grid grid = block::fit_symmetric(in, 16);
    block::store_u16(f32_to_f16(grid.scale), blocks);
    for (std::size_t j = 0; j < 16; ++j) blocks[2 + j] = static_cast<std::byte>(grid.codes[j] | grid.codes[j + 16] << 4);
  }
}

}  // namespace

constinit const Format descriptor::q4_0 = {.id = FormatId::q4_0,
                                           .name = "Q4_0",
                                           .gguf_type = 2,
                                           .file_type = 2,
                                           .block_length = block::length,
                                           .block_bytes = block_bytes,
                                           .decode = &decode,
                                           .encode = &encode};

}  // namespace libabi::quant
