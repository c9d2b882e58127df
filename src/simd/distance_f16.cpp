// Distances of rows of binary16, each element widened to f32.
#include "distance_measure.hpp"

namespace libabi::simd::ABI_ISA_NS {

namespace {

struct F16Rows : FloatSums {
  using Element = std::uint16_t;
  using Chunk = U16;
  using Query = F32;
  ABI_INLINE static F32 ready(U16 chunk) { return from_f16(chunk); }
};

struct L2 : F16Rows, PlainSum {
  ABI_INLINE static void step(F32 (&sum)[1], F32 query, U16 row) {
    const F32 difference = query - from_f16(row);
    sum[0] = fma(difference, difference, sum[0]);
  }
};

struct Dot : F16Rows, PlainSum {
  ABI_INLINE static void step(F32 (&sum)[1], F32 query, U16 row) { sum[0] = fma(query, from_f16(row), sum[0]); }
};

struct Cosine : F16Rows, CosineFinish {
  static constexpr std::size_t own_sums = 1, short_chunks = every_length;
  ABI_INLINE static void take(F32 (&own)[1], F32 query) { own[0] = fma(query, query, own[0]); }
  ABI_INLINE static void step(F32 (&sum)[2], F32 query, U16 row) {
    const F32 wide = from_f16(row);
    sum[0] = fma(query, wide, sum[0]);
    sum[1] = fma(wide, wide, sum[1]);
  }
};

}  // namespace

using Half = std::uint16_t;

float l2_f16(const Half* a, const Half* b, std::size_t n) { return one<L2>(a, b, n); }
float dot_f16(const Half* a, const Half* b, std::size_t n) { return one<Dot>(a, b, n); }
float cosine_f16(const Half* a, const Half* b, std::size_t n) { return one<Cosine>(a, b, n); }

void l2_f16_rows(float* out, const Half* query, const Rows<Half>& rows, std::size_t n) { many<L2>(out, query, rows, n); }
void dot_f16_rows(float* out, const Half* query, const Rows<Half>& rows, std::size_t n) { many<Dot>(out, query, rows, n); }
void cosine_f16_rows(float* out, const Half* query, const Rows<Half>& rows, std::size_t n) { many<Cosine>(out, query, rows, n); }

}  // namespace libabi::simd::ABI_ISA_NS
