#pragma once
/// The sums across the lanes of eight vectors at once: what a tile of rows ends with.

#include <abi/simd/vec.hpp>

namespace libabi::simd::ABI_ISA_NS {
namespace {

/// Four of what a vector is made of.
template <class V>
struct FourOf {
  typedef decltype(V{}[0] + V{}[0]) type __attribute__((vector_size(16)));
};
template <class V>
using Four = typename FourOf<V>::type;

#if defined(__AVX512F__)
template <__mmask16 from_b, class V>
ABI_INLINE V blend(V a, V b) {
  return bits<V>(_mm512_mask_blend_epi32(from_b, bits<__m512i>(a), bits<__m512i>(b)));
}
// Each halves the lanes of a vector and puts two of them in one, with as few shuffles as can be: they have two of the four
// ports, blends have all.
template <class V>
ABI_INLINE V join_halves(V a, V b) {
  return blend<0xff00>(a, b) + __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
}
template <class V>
ABI_INLINE V join_quarters(V a, V b) {
  const V other = blend<0x0f0f>(a, b);
  return blend<0xf0f0>(a, b) + __builtin_shufflevector(other, other, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
}
template <class V>
ABI_INLINE V join_eighths(V a, V b) {
  return blend<0xcccc>(a, b) + __builtin_shufflevector(a, b, 2, 3, 16, 17, 6, 7, 20, 21, 10, 11, 24, 25, 14, 15, 28, 29);
}
#endif

/// The sums of v0 .. v7, each with the bits of reduce_add.
template <class V>
ABI_INLINE void reduce_add(V v0, V v1, V v2, V v3, V v4, V v5, V v6, V v7, Four<V>& low, Four<V>& high) {
#if defined(__AVX512F__)
  const V even = join_quarters(join_halves(v0, v4), join_halves(v2, v6));
  const V odd = join_quarters(join_halves(v1, v5), join_halves(v3, v7));
  const V two = join_eighths(even, odd);
  const V one = two + __builtin_shufflevector(two, two, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  const __m256i sums = _mm512_maskz_cvtepi64_epi32(0xff, bits<__m512i>(one));
  low = bits<Four<V>>(_mm256_castsi256_si128(sums));
  high = bits<Four<V>>(_mm256_extracti128_si256(sums, 1));
#else
  low = reduce_add(v0, v1, v2, v3);
  high = reduce_add(v4, v5, v6, v7);
#endif
}

}  // namespace
}  // namespace libabi::simd::ABI_ISA_NS
