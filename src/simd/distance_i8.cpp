// Distances of rows of signed bytes, in integers.
#include "distance_measure.hpp"

namespace libabi::simd::ABI_ISA_NS {

namespace {

struct I8Rows : IntegerSums {
  static constexpr std::size_t short_chunks = 8;
  using Element = std::int8_t;
};

#if defined(__AVX512VNNI__)

// The instruction multiplies unsigned bytes u by signed ones. x + 128, which is x with its first bit turned, is unsigned:
//   sum of (b + 128) a = ab + 128 A, and A, the sum of the query, is known to all rows;
//   sum of (b + 128) b + (b + 128) (-128) = bb - 128^2 for each element;
//   d = |a - b| is unsigned: sum of d (d - 128) + 128 (d - 128) = dd - 128^2 for each element.
constexpr std::int32_t square_of_128 = 128 * 128;

ABI_INLINE U32 add_products(U32 sum, U32 u, U32 s) {
  return bits<U32>(_mm512_dpbusd_epi32(bits<__m512i>(sum), bits<__m512i>(u), bits<__m512i>(s)));
}
ABI_INLINE U32 everywhere(std::uint8_t byte) { return U32{} + byte * 0x01010101u; }
ABI_INLINE U32 turned(U32 x) { return x ^ everywhere(0x80); }

struct VnniRows : I8Rows {
  using Chunk = U32;
  using Query = U32;
  ABI_INLINE static U32 ready(U32 chunk) { return chunk; }
};

struct L2 : VnniRows, PlainSum {
  ABI_INLINE static void step(U32 (&sum)[1], U32 query, U32 row) {
    const __m512i a = bits<__m512i>(query), b = bits<__m512i>(row);
    const U32 d = bits<U32>(_mm512_sub_epi8(_mm512_max_epi8(a, b), _mm512_min_epi8(a, b)));
    sum[0] = add_products(add_products(sum[0], d, turned(d)), everywhere(128), turned(d));
  }
  template <class Sums, class Own, class Number>
  ABI_INLINE static void correct(Sums& sum, const Own&, Number padded) {
    sum[0] += square_of_128 * padded;
  }
};

struct Dot : VnniRows, PlainSum {
  static constexpr std::size_t own_sums = 1;
  ABI_INLINE static void take(U32 (&own)[1], U32 query) { own[0] = add_products(own[0], everywhere(128), query); }
  ABI_INLINE static void step(U32 (&sum)[1], U32 query, U32 row) { sum[0] = add_products(sum[0], turned(row), query); }
  template <class Sums, class Own, class Number>
  ABI_INLINE static void correct(Sums& sum, const Own& own, Number) {
    sum[0] -= own[0];
  }
};

struct Cosine : VnniRows, CosineFinish {
  static constexpr std::size_t own_sums = 2;  // aa, and 128 A
  ABI_INLINE static void take(U32 (&own)[2], U32 query) {
    own[0] = add_products(own[0], turned(query), query);
    own[1] = add_products(own[1], everywhere(128), query);
  }
  ABI_INLINE static void step(U32 (&sum)[2], U32 query, U32 row) {
    const U32 u = turned(row);
    sum[0] = add_products(sum[0], u, query);
    sum[1] = add_products(add_products(sum[1], u, row), u, everywhere(0x80));
  }
  template <class Own, class Number>
  ABI_INLINE static void correct_own(Own& own, Number) {
    own[0] -= own[1];
  }
  template <class Sums, class Own, class Number>
  ABI_INLINE static void correct(Sums& sum, const Own& own, Number padded) {
    sum[0] -= own[1];
    sum[1] += square_of_128 * padded;
  }
};

#else

#if defined(__ARM_FEATURE_DOTPROD)

typedef std::int8_t Bytes __attribute__((vector_size(ABI_VEC_BYTES)));
using Wide = Bytes;
ABI_INLINE Wide widen_bytes(Bytes chunk) { return chunk; }
ABI_INLINE U32 add_products(U32 sum, Wide a, Wide b) {
  return bits<U32>(vdotq_s32(bits<int32x4_t>(sum), bits<int8x16_t>(a), bits<int8x16_t>(b)));
}
ABI_INLINE U32 add_squared_difference(U32 sum, Wide a, Wide b) {
  const uint8x16_t d = bits<uint8x16_t>(vabdq_s8(bits<int8x16_t>(a), bits<int8x16_t>(b)));
  return bits<U32>(vdotq_u32(bits<uint32x4_t>(sum), d, d));
}

#else

typedef std::int8_t Bytes __attribute__((vector_size(ABI_VEC_BYTES / 2)));
typedef std::int16_t Wide __attribute__((vector_size(ABI_VEC_BYTES)));

ABI_INLINE Wide widen_bytes(Bytes chunk) {
#if defined(__AVX512BW__)
  return bits<Wide>(_mm512_cvtepi8_epi16(bits<__m256i>(chunk)));
#elif defined(__AVX2__)
  return bits<Wide>(_mm256_cvtepi8_epi16(bits<__m128i>(chunk)));
#elif defined(__SSE4_1__)
  return bits<Wide>(_mm_cvtepi8_epi16(_mm_cvtsi64_si128(bits<long long>(chunk))));
#else
  return __builtin_convertvector(chunk, Wide);
#endif
}
/// Neighbouring products are added: at most 2 * 255^2.
ABI_INLINE U32 add_products(U32 sum, Wide a, Wide b) {
#if defined(__AVX512BW__)
  return sum + bits<U32>(_mm512_madd_epi16(bits<__m512i>(a), bits<__m512i>(b)));
#elif defined(__AVX2__)
  return sum + bits<U32>(_mm256_madd_epi16(bits<__m256i>(a), bits<__m256i>(b)));
#elif defined(__SSE2__)
  return sum + bits<U32>(_mm_madd_epi16(bits<__m128i>(a), bits<__m128i>(b)));
#elif defined(__aarch64__)
  const int16x8_t x = bits<int16x8_t>(a), y = bits<int16x8_t>(b);
  return bits<U32>(vmlal_high_s16(vmlal_s16(bits<int32x4_t>(sum), vget_low_s16(x), vget_low_s16(y)), x, y));
#else
  const I32 x = bits<I32>(a), y = bits<I32>(b);
  return sum + bits<U32>((x << 16 >> 16) * (y << 16 >> 16) + (x >> 16) * (y >> 16));
#endif
}
ABI_INLINE U32 add_squared_difference(U32 sum, Wide a, Wide b) { return add_products(sum, a - b, a - b); }

#endif

struct SignedRows : I8Rows {
  using Chunk = Bytes;
  using Query = Wide;
  ABI_INLINE static Wide ready(Bytes chunk) { return widen_bytes(chunk); }
};

struct L2 : SignedRows, PlainSum {
  ABI_INLINE static void step(U32 (&sum)[1], Wide query, Bytes row) {
    sum[0] = add_squared_difference(sum[0], query, widen_bytes(row));
  }
};

struct Dot : SignedRows, PlainSum {
  ABI_INLINE static void step(U32 (&sum)[1], Wide query, Bytes row) { sum[0] = add_products(sum[0], query, widen_bytes(row)); }
};

struct Cosine : SignedRows, CosineFinish {
  static constexpr std::size_t own_sums = 1;
  ABI_INLINE static void take(U32 (&own)[1], Wide query) { own[0] = add_products(own[0], query, query); }
  ABI_INLINE static void step(U32 (&sum)[2], Wide query, Bytes row) {
    const Wide wide = widen_bytes(row);
    sum[0] = add_products(sum[0], query, wide);
    sum[1] = add_products(sum[1], wide, wide);
  }
};

#endif

}  // namespace

using Byte = std::int8_t;

std::int64_t l2_i8(const Byte* a, const Byte* b, std::size_t n) { return one<L2>(a, b, n); }
std::int64_t dot_i8(const Byte* a, const Byte* b, std::size_t n) { return one<Dot>(a, b, n); }
float cosine_i8(const Byte* a, const Byte* b, std::size_t n) { return one<Cosine>(a, b, n); }

void l2_i8_rows(float* out, const Byte* query, const Rows<Byte>& rows, std::size_t n) { many<L2>(out, query, rows, n); }
void dot_i8_rows(float* out, const Byte* query, const Rows<Byte>& rows, std::size_t n) { many<Dot>(out, query, rows, n); }
void cosine_i8_rows(float* out, const Byte* query, const Rows<Byte>& rows, std::size_t n) { many<Cosine>(out, query, rows, n); }

}  // namespace libabi::simd::ABI_ISA_NS
