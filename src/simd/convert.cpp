// Rows of binary16, bfloat16 and scaled bytes to and from f32.
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

float f32_to_i8(std::int8_t* out, const float* in, std::size_t n) {
  const float largest = max_abs(in, n);
  if (!(largest >= 0x1p-100f)) {  // 127 / largest stays in range
    for (std::size_t i = 0; i < n; ++i) out[i] = 0;
    return 0;
  }
  const float inverse = 127 / largest;
  const auto round = [inverse](F32 v) {
    v *= inverse;
    v = v == v ? v : F32{};
    return low_bytes(bits<I32>(v + 0x1.8p23f));  // the integer is now in the low bits
  };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) store_as(out + i, round(load(in + i)));
  if (i < n) {
    const I8Lanes last = round(load_part(in + i, n - i));
    __builtin_memcpy(out + i, &last, n - i);
  }
  return largest / 127;
}

void i8_to_f32(float* out, const std::int8_t* in, float scale, std::size_t n) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) store(out + i, to_float(widen(load_as<I8Lanes>(in + i))) * scale);
  for (; i < n; ++i) out[i] = static_cast<float>(in[i]) * scale;
}

}  // namespace libabi::simd::ABI_ISA_NS
