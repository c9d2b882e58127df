// I32: 4 bytes an element, two's complement, little-endian. Holds indices, so it has no conversion to reals.

#include "descriptors.hpp"

namespace libabi::quant {

constinit const Format descriptor::i32 = {.id = FormatId::i32,
                                          .name = "I32",
                                          .gguf_type = 26,
                                          .file_type = no_file_type,
                                          .block_length = 1,
                                          .block_bytes = 4,
                                          .decode = nullptr,
                                          .encode = nullptr};

}  // namespace libabi::quant
