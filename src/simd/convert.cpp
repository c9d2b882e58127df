// Rows of binary16 and bfloat16 to and from f32.
#include "declarations.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::simd::ABI_ISA_NS {

namespace {

template <class F>
ABI_INLINE void widen_row(float* out, const std::uint16_t* in, std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) store(out + i, f(load_u16(in + i)));
  if (i < n) store_part(out + i, f(load_u16_part(in + i, n - i)), n - i);
}

template <class F>
ABI_INLINE void narrow_row(std::uint16_t* out, const float* in, std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) store_as(out + i, f(load(in + i)));
  if (i < n) store_u16_part(out + i, f(load_part(in + i, n - i)), n - i);
}

}  // namespace

void f16_to_f32(float* out, const std::uint16_t* in, std::size_t n) {
  widen_row(out, in, n, [](U16 v) { return from_f16(v); });
}

void f32_to_f16(std::uint16_t* out, const float* in, std::size_t n) {
  narrow_row(out, in, n, [](F32 v) { return to_f16(v); });
}

void bf16_to_f32(float* out, const std::uint16_t* in, std::size_t n) {
  widen_row(out, in, n, [](U16 v) { return from_bf16(v); });
}

void f32_to_bf16(std::uint16_t* out, const float* in, std::size_t n) {
  narrow_row(out, in, n, [](F32 v) { return to_bf16(v); });
}

}  // namespace libabi::simd::ABI_ISA_NS
