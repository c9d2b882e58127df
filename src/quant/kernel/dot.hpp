#pragma once
/// Sums of products of bytes: every lane holds the codes of one row, four columns a vector, which are multiplied with the
/// same four bytes of x. Exact on every instruction set.
///
/// A weight is `narrow` when its codes are in [0, 31]; wide ones are any int8, stored with `wide_offset` added where the
/// instruction set takes unsigned codes.

#include <abi/simd/vec.hpp>

namespace libabi::quant::ABI_ISA_NS {
namespace {

using namespace simd::ABI_ISA_NS;

#if defined(__AVX512VNNI__) || defined(__ARM_FEATURE_MATMUL_INT8)

constexpr int wide_offset = 128;
/// Vectors of codes that are multiplied together.
template <bool narrow>
constexpr int step = 2;

/// A vector of codes as the products want it, made once and used for every token.
template <bool narrow>
using Weight = U8;
template <bool narrow>
ABI_INLINE Weight<narrow> weight(U8 codes) {
  return codes;
}

ABI_INLINE I32 dot4(I32 sum, U8 w, I8 x) {
#if defined(__AVX512VNNI__)
  return bits<I32>(_mm512_dpbusd_epi32(bits<__m512i>(sum), bits<__m512i>(w), bits<__m512i>(x)));
#else
  return bits<I32>(vusdotq_s32(bits<int32x4_t>(sum), bits<uint8x16_t>(w), bits<int8x16_t>(x)));
#endif
}

template <bool narrow, int count>
ABI_INLINE I32 dot(I32 sum, const Weight<narrow> (&w)[count], const I8 (&x)[count]) {
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) sum = dot4(sum, w[i], x[i]);
  return sum;
}

#elif defined(__x86_64__)

// maddubs multiplies unsigned bytes with signed ones and adds neighbours in 16 bits, saturating. Four vectors of codes to
// 31 and x to 127 stay below 4 * 2 * 31 * 127 = 31496. Signed codes go in as their magnitude, x takes their sign:
// 2 * 128 * 127 = 32512.
constexpr int wide_offset = 0;
template <bool narrow>
constexpr int step = narrow ? 4 : 2;

typedef std::int16_t I16 __attribute__((vector_size(ABI_VEC_BYTES)));

#if defined(__AVX512BW__)
typedef __m512i Native;
typedef __mmask64 Signs;
ABI_INLINE I16 add_products(U8 w, I8 x) { return bits<I16>(_mm512_maddubs_epi16(bits<__m512i>(w), bits<__m512i>(x))); }
ABI_INLINE I32 add_pairs(I16 v) { return bits<I32>(_mm512_madd_epi16(bits<__m512i>(v), _mm512_set1_epi16(1))); }
ABI_INLINE U8 magnitudes(U8 w) { return bits<U8>(_mm512_abs_epi8(bits<__m512i>(w))); }
ABI_INLINE Signs signs(U8 w) { return _mm512_movepi8_mask(bits<__m512i>(w)); }
ABI_INLINE I8 with_signs(I8 x, Signs s) {
  return bits<I8>(_mm512_mask_sub_epi8(bits<__m512i>(x), s, _mm512_setzero_si512(), bits<__m512i>(x)));
}
#elif defined(__AVX2__)
typedef U8 Signs;
ABI_INLINE I16 add_products(U8 w, I8 x) { return bits<I16>(_mm256_maddubs_epi16(bits<__m256i>(w), bits<__m256i>(x))); }
ABI_INLINE I32 add_pairs(I16 v) { return bits<I32>(_mm256_madd_epi16(bits<__m256i>(v), _mm256_set1_epi16(1))); }
ABI_INLINE U8 magnitudes(U8 w) { return bits<U8>(_mm256_abs_epi8(bits<__m256i>(w))); }
ABI_INLINE Signs signs(U8 w) { return w; }
ABI_INLINE I8 with_signs(I8 x, Signs s) { return bits<I8>(_mm256_sign_epi8(bits<__m256i>(x), bits<__m256i>(s))); }
#else
typedef U8 Signs;
ABI_INLINE I16 add_products(U8 w, I8 x) { return bits<I16>(_mm_maddubs_epi16(bits<__m128i>(w), bits<__m128i>(x))); }
ABI_INLINE I32 add_pairs(I16 v) { return bits<I32>(_mm_madd_epi16(bits<__m128i>(v), _mm_set1_epi16(1))); }
ABI_INLINE U8 magnitudes(U8 w) { return bits<U8>(_mm_abs_epi8(bits<__m128i>(w))); }
ABI_INLINE Signs signs(U8 w) { return w; }
ABI_INLINE I8 with_signs(I8 x, Signs s) { return bits<I8>(_mm_sign_epi8(bits<__m128i>(x), bits<__m128i>(s))); }
#endif

template <bool narrow>
struct Weight {
  U8 codes;
};
template <>
struct Weight<false> {
  U8 magnitudes;
  Signs signs;
};
template <bool narrow>
ABI_INLINE Weight<narrow> weight(U8 codes) {
  if constexpr (narrow)
    return {codes};
  else
    return {magnitudes(codes), signs(codes)};
}

template <bool narrow, int count>
ABI_INLINE I32 dot(I32 sum, const Weight<narrow> (&w)[count], const I8 (&x)[count]) {
  if constexpr (narrow) {
    I16 products = add_products(w[0].codes, x[0]);
#pragma GCC unroll 8
    for (int i = 1; i < count; ++i) products += add_products(w[i].codes, x[i]);
    return sum + add_pairs(products);
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < count; ++i) sum += add_pairs(add_products(w[i].magnitudes, with_signs(x[i], w[i].signs)));
    return sum;
  }
}

#else  // products of two signed bytes fit 16 bits

#if defined(__wasm__)
ABI_INLINE I32 add_products(I32 sum, U8 w, I8 x) {
  const v128_t a = bits<v128_t>(w), b = bits<v128_t>(x);
  const I32 low = bits<I32>(wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extmul_low_i8x16(a, b)));
  const I32 high = bits<I32>(wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extmul_high_i8x16(a, b)));
  return sum + __builtin_shufflevector(low, high, 0, 2, 4, 6) + __builtin_shufflevector(low, high, 1, 3, 5, 7);
}
#else  // NEON: and so do sums of two
ABI_INLINE I32 add_products(I32 sum, U8 w, I8 x) {
  const int8x16_t a = bits<int8x16_t>(w), b = bits<int8x16_t>(x);
  const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_s8(vget_high_s8(a), vget_high_s8(b));
  return bits<I32>(vpadalq_s16(bits<int32x4_t>(sum), vpaddq_s16(low, high)));
}
#endif

constexpr int wide_offset = 0;
template <bool narrow>
constexpr int step = 2;

template <bool narrow>
using Weight = U8;
template <bool narrow>
ABI_INLINE Weight<narrow> weight(U8 codes) {
  return codes;
}

template <bool narrow, int count>
ABI_INLINE I32 dot(I32 sum, const Weight<narrow> (&w)[count], const I8 (&x)[count]) {
#pragma GCC unroll 8
  for (int i = 0; i < count; ++i) sum = add_products(sum, w[i], x[i]);
  return sum;
}

#endif

}  // namespace
}  // namespace libabi::quant::ABI_ISA_NS
