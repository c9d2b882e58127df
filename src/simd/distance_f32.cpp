// Distances of rows of f32.
#include "distance_measure.hpp"

namespace libabi::simd::ABI_ISA_NS {

namespace {

struct F32Rows : FloatSums {
  using Element = float;
  using Chunk = F32;
  using Query = F32;
  ABI_INLINE static F32 ready(F32 chunk) { return chunk; }
};

struct L2 : F32Rows, PlainSum {
  ABI_INLINE static void step(F32 (&sum)[1], F32 query, F32 row) {
    const F32 difference = query - row;
    sum[0] = fma(difference, difference, sum[0]);
  }
};

struct Dot : F32Rows, PlainSum {
  ABI_INLINE static void step(F32 (&sum)[1], F32 query, F32 row) { sum[0] = fma(query, row, sum[0]); }
};

struct Cosine : F32Rows, CosineFinish {
  static constexpr std::size_t own_sums = 1, short_chunks = every_length;
  ABI_INLINE static void take(F32 (&own)[1], F32 query) { own[0] = fma(query, query, own[0]); }
  ABI_INLINE static void step(F32 (&sum)[2], F32 query, F32 row) {
    sum[0] = fma(query, row, sum[0]);
    sum[1] = fma(row, row, sum[1]);
  }
};

}  // namespace

float l2_f32(const float* a, const float* b, std::size_t n) { return one<L2>(a, b, n); }
float dot_f32(const float* a, const float* b, std::size_t n) { return one<Dot>(a, b, n); }
float cosine_f32(const float* a, const float* b, std::size_t n) { return one<Cosine>(a, b, n); }

void l2_f32_rows(float* out, const float* query, const Rows<float>& rows, std::size_t n) { many<L2>(out, query, rows, n); }
void dot_f32_rows(float* out, const float* query, const Rows<float>& rows, std::size_t n) { many<Dot>(out, query, rows, n); }
void cosine_f32_rows(float* out, const float* query, const Rows<float>& rows, std::size_t n) {
  many<Cosine>(out, query, rows, n);
}

}  // namespace libabi::simd::ABI_ISA_NS
