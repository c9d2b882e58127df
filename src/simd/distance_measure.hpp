#pragma once
/// What the measures of distance_<type>.cpp share.

#include "distance.hpp"
#include "distance_rows.hpp"

namespace libabi::simd::ABI_ISA_NS {
namespace {

struct FloatSums {
  using Vector = F32;
  static constexpr std::size_t most_rows = 8;
  static constexpr std::size_t short_chunks = 16;
};
struct IntegerSums {
  using Vector = U32;
  static constexpr std::size_t most_rows = 8;
  static constexpr std::size_t short_chunks = 16;
  template <class Own, class Number>
  ABI_INLINE static void correct_own(Own&, Number) {}
  template <class Sums, class Own, class Number>
  ABI_INLINE static void correct(Sums&, const Own&, Number) {}
};

/// One sum of a row, and that is the distance.
struct PlainSum {
  static constexpr std::size_t sums = 1, own_sums = 0;
  template <class T, class Own>
  ABI_INLINE static T finish(const T (&row)[1], const Own&) {
    return row[0];
  }
};

ABI_INLINE F32x4 root(F32x4 x) {
#if defined(__SSE2__)
  return bits<F32x4>(_mm_sqrt_ps(bits<__m128>(x)));
#elif defined(__aarch64__)
  return bits<F32x4>(vsqrtq_f32(bits<float32x4_t>(x)));
#else
  for (int lane = 0; lane < 4; ++lane) x[lane] = __builtin_sqrtf(x[lane]);
  return x;
#endif
}

/// ab / (|a| |b|); a row of zeros gives ab, which is 0 or NaN.
template <class T>
ABI_INLINE T cosine_of(T ab, T aa, T bb, T lengths) {
  T cosine = ab / lengths;
  cosine = cosine > 1.0f ? 1.0f + T{} : cosine;
  cosine = cosine < -1.0f ? -1.0f + T{} : cosine;
  cosine = aa == 0.0f ? ab : cosine;
  return bb == 0.0f ? ab : cosine;
}

/// With three sums a chunk two ways are enough, and leave the registers to more rows.
constexpr std::size_t every_length = ~std::size_t{0};

/// A row's sums are ab and bb, the query's is aa.
struct CosineFinish {
  static constexpr std::size_t sums = 2;
  template <std::size_t own_count>
  ABI_INLINE static F32x4 finish(const F32x4 (&row)[2], const F32x4 (&own)[own_count]) {
    return cosine_of(row[0], own[0], row[1], root(own[0]) * root(row[1]));
  }
  template <std::size_t own_count>
  ABI_INLINE static float finish(const float (&row)[2], const float (&own)[own_count]) {
    const F32x4 roots = root(F32x4{own[0], row[1], 0, 0});
    return cosine_of(row[0], own[0], row[1], roots[0] * roots[1]);
  }
};

}  // namespace
}  // namespace libabi::simd::ABI_ISA_NS
