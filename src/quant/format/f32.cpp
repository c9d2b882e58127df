// F32: 4 bytes an element, IEEE 754 binary32, little-endian.

#include "descriptors.hpp"

#include <cstring>

namespace libabi::quant {

namespace {

void decode(const std::byte* blocks, float* out, std::size_t n) {
  if (n != 0) std::memcpy(out, blocks, n * sizeof(float));
}

void encode(const float* in, std::byte* blocks, std::size_t n) {
  if (n != 0) std::memcpy(blocks, in, n * sizeof(float));
}

}  // namespace

constinit const Format descriptor::f32 = {.id = FormatId::f32,
                                          .name = "F32",
                                          .gguf_type = 0,
                                          .file_type = 0,
                                          .block_length = 1,
                                          .block_bytes = 4,
                                          .decode = &decode,
                                          .encode = &encode};

}  // namespace libabi::quant
