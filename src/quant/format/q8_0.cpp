// Q8_0: blocks of 32 elements in 34 bytes, value = d * q.
//
//   byte 0..1    d, f16
//   byte 2 + j   q of element j, two's complement      (j = 0..31)

#include "block.hpp"
#include "descriptors.hpp"

#include <cmath>

namespace libabi::quant {

namespace {

constexpr std::uint32_t block_bytes = 34;

void decode(const std::byte* blocks, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, out += block::length) {
    const float d = block::load_f16(blocks);
    for (std::size_t j = 0; j < block::length; ++j) out[j] = d * static_cast<float>(static_cast<std::int8_t>(blocks[2 + j]));
  }
}

/// The largest magnitude becomes 127; codes are the nearest for the scale as it is stored. Rounding d to f16 moves the
/// largest quotient by less than 0.07, so none leaves [-127, 127] unless the scale saturates or is subnormal.
void encode(const float* in, std::byte* blocks, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block::length, blocks += block_bytes, in += block::length) {
    float largest = 0;
    for (std::size_t j = 0; j < block::length; ++j) largest = std::fmax(largest, std::fabs(in[j]));
    const float d = block::nearest_scale(largest / 127.0f);
    const float inverse = d != 0 ? 1.0f / d : 0.0f;
    block::store_u16(f32_to_f16(d), blocks);
    for (std::size_t j = 0; j < block::length; ++j) {
      const float code = std::fmin(std::fmax(std::nearbyint(in[j] * inverse), -127.0f), 127.0f);
      blocks[2 + j] = static_cast<std::byte>(static_cast<std::int8_t>(code));
    }
  }
}

}  // namespace

constinit const Format descriptor::q8_0 = {.id = FormatId::q8_0,
                                           .name = "Q8_0",
                                           .gguf_type = 8,
                                           .file_type = 7,
                                           .block_length = block::length,
                                           .block_bytes = block_bytes,
                                           .decode = &decode,
                                           .encode = &encode};

}  // namespace libabi::quant
