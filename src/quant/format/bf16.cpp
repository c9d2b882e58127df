// BF16: 2 bytes an element, the upper half of a binary32; little-endian.

#include "block.hpp"
#include "descriptors.hpp"

namespace libabi::quant {

namespace {

void decode(const std::byte* blocks, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = bf16_to_f32(block::load_u16(blocks + 2 * i));
}

void encode(const float* in, std::byte* blocks, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) block::store_u16(f32_to_bf16(in[i]), blocks + 2 * i);
}

}  // namespace

constinit const Format descriptor::bf16 = {.id = FormatId::bf16,
                                           .name = "BF16",
                                           .gguf_type = 30,
                                           .file_type = 32,
                                           .block_length = 1,
                                           .block_bytes = 2,
                                           .decode = &decode,
                                           .encode = &encode};

}  // namespace libabi::quant
