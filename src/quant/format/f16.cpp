// F16: 2 bytes an element, IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction; little-endian.

#include "block.hpp"
#include "descriptors.hpp"

namespace libabi::quant {

namespace {

void decode(const std::byte* blocks, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f16_to_f32(block::load_u16(blocks + 2 * i));
}

void encode(const float* in, std::byte* blocks, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) block::store_u16(f32_to_f16(in[i]), blocks + 2 * i);
}

}  // namespace

constinit const Format descriptor::f16 = {.id = FormatId::f16,
                                          .name = "F16",
                                          .gguf_type = 1,
                                          .file_type = 1,
                                          .block_length = 1,
                                          .block_bytes = 2,
                                          .decode = &decode,
                                          .encode = &encode};

}  // namespace libabi::quant
