// Distances of rows of bfloat16. A chunk holds two elements in each lane: the one in the upper half is an f32 once the lower half
// is cleared, the other once it is shifted up. Products without a difference take the instruction for pairs where there is one.
#include "distance_measure.hpp"

namespace libabi::simd::ABI_ISA_NS {

namespace {

struct Pair {
  F32 low, high;
};

ABI_INLINE Pair split(U32 chunk) { return {bits<F32>(chunk << 16), bits<F32>(chunk & 0xffff0000u)}; }

struct Bf16Rows : FloatSums {
  using Element = std::uint16_t;
  using Chunk = U32;
  static constexpr std::size_t most_rows = sum_registers > 12 ? 4 : 2;  // a pair of the query and one of the row
};

struct L2 : Bf16Rows, PlainSum {
  using Query = Pair;
  ABI_INLINE static Pair ready(U32 chunk) { return split(chunk); }
  ABI_INLINE static void step(F32 (&sum)[1], const Pair& query, U32 chunk) {
    const Pair row = split(chunk);
    const F32 low = query.low - row.low, high = query.high - row.high;
    sum[0] = fma(high, high, fma(low, low, sum[0]));
  }
};

#if defined(__AVX512BF16__)
struct Products : Bf16Rows {
  static constexpr std::size_t most_rows = FloatSums::most_rows;
  using Query = U32;
  ABI_INLINE static U32 ready(U32 chunk) { return chunk; }
  ABI_INLINE static U32 row(U32 chunk) { return chunk; }
  ABI_INLINE static F32 add(F32 sum, U32 a, U32 b) {
    return bits<F32>(_mm512_dpbf16_ps(bits<__m512>(sum), bits<__m512bh>(a), bits<__m512bh>(b)));
  }
};
#else
struct Products : Bf16Rows {
  using Query = Pair;
  ABI_INLINE static Pair ready(U32 chunk) { return split(chunk); }
  ABI_INLINE static Pair row(U32 chunk) { return split(chunk); }
  ABI_INLINE static F32 add(F32 sum, const Pair& a, const Pair& b) { return fma(a.high, b.high, fma(a.low, b.low, sum)); }
};
#endif

struct Dot : Products, PlainSum {
  ABI_INLINE static void step(F32 (&sum)[1], const Query& query, U32 chunk) { sum[0] = add(sum[0], query, row(chunk)); }
};

struct Cosine : Products, CosineFinish {
  static constexpr std::size_t own_sums = 1, short_chunks = every_length;
  ABI_INLINE static void take(F32 (&own)[1], const Query& query) { own[0] = add(own[0], query, query); }
  ABI_INLINE static void step(F32 (&sum)[2], const Query& query, U32 chunk) {
    const Query wide = row(chunk);
    sum[0] = add(sum[0], query, wide);
    sum[1] = add(sum[1], wide, wide);
  }
};

}  // namespace

using Half = std::uint16_t;

float l2_bf16(const Half* a, const Half* b, std::size_t n) { return one<L2>(a, b, n); }
float dot_bf16(const Half* a, const Half* b, std::size_t n) { return one<Dot>(a, b, n); }
float cosine_bf16(const Half* a, const Half* b, std::size_t n) { return one<Cosine>(a, b, n); }

void l2_bf16_rows(float* out, const Half* query, const Rows<Half>& rows, std::size_t n) { many<L2>(out, query, rows, n); }
void dot_bf16_rows(float* out, const Half* query, const Rows<Half>& rows, std::size_t n) { many<Dot>(out, query, rows, n); }
void cosine_bf16_rows(float* out, const Half* query, const Rows<Half>& rows, std::size_t n) { many<Cosine>(out, query, rows, n); }

}  // namespace libabi::simd::ABI_ISA_NS
