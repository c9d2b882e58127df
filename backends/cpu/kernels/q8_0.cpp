// Rows of a cache in Q8_0: blocks of 32 elements in 34 bytes, value = d * q.
//
//   byte 0..1    d, f16
//   byte 2 + j   q of element j, two's complement      (j = 0..31)
#include "kernels/declarations.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::backends::cpu::ABI_ISA_NS {

namespace {

using namespace simd::ABI_ISA_NS;

constexpr std::size_t block_length = 32;
constexpr std::size_t block_bytes = 34;

typedef signed char I8 __attribute__((vector_size(lanes)));

ABI_INLINE float load_scale(const std::byte* block) {
  std::uint16_t half;
  __builtin_memcpy(&half, block, sizeof half);
  return from_f16(U16{} + half)[0];
}

/// Stores the nearest f16 that is finite, and returns it.
ABI_INLINE float store_scale(float d, std::byte* block) {
  constexpr float largest = 65504.0f;
  const U16 half = to_f16(broadcast(d > largest ? largest : d));
  const std::uint16_t first = half[0];
  __builtin_memcpy(block, &first, sizeof first);
  return from_f16(half)[0];
}

}  // namespace

void decode_q8_0(const std::byte* blocks, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; i += block_length, blocks += block_bytes) {
    const F32 d = broadcast(load_scale(blocks));
    for (std::size_t j = 0; j < block_length; j += lanes)
      store(out + i + j, __builtin_convertvector(load_as<I8>(blocks + 2 + j), F32) * d);
  }
}

void encode_q8_0(const float* in, std::byte* blocks, std::size_t n) {
  const F32 round = broadcast(0x1.8p23f);  // adding 1.5 * 2^23 leaves the nearest integer, ties to even, in the low bits
  for (std::size_t i = 0; i < n; i += block_length, blocks += block_bytes) {
    F32 magnitudes{};
    for (std::size_t j = 0; j < block_length; j += lanes) magnitudes = max(abs(load(in + i + j)), magnitudes);
    const float d = store_scale(reduce_max(magnitudes) / 127.0f, blocks);
    const F32 inverse = broadcast(d != 0 ? 1.0f / d : 0.0f);
    for (std::size_t j = 0; j < block_length; j += lanes) {
      const F32 quotient = min(max(load(in + i + j) * inverse, broadcast(-127.0f)), broadcast(127.0f));
      store_as(blocks + 2 + j, __builtin_convertvector(bits<I32>(quotient + round) - bits<I32>(round), I8));
    }
  }
}

}  // namespace libabi::backends::cpu::ABI_ISA_NS
