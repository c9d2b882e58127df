// Distances of rows of bits.
#include "distance_measure.hpp"

namespace libabi::simd::ABI_ISA_NS {

namespace {

/// How many bits are set, spread over the lanes.
ABI_INLINE U32 count_bits(U32 v) {
#if defined(__AVX512VPOPCNTDQ__)
  return bits<U32>(_mm512_popcnt_epi32(bits<__m512i>(v)));
#elif defined(__aarch64__)
  return bits<U32>(vpaddlq_u16(vpaddlq_u8(vcntq_u8(bits<uint8x16_t>(v)))));
#elif defined(__AVX2__)
  // A shuffle looks up the halves of every byte (Mula, Kurz and Lemire, 2018).
  const U32 low = v & 0x0f0f0f0fu, high = v >> 4 & 0x0f0f0f0fu;
  const __m128i counts = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
#if defined(__AVX512BW__)
  const __m512i table = _mm512_maskz_broadcast_i32x4(0xffff, counts);
  const __m512i bytes =
      _mm512_add_epi8(_mm512_shuffle_epi8(table, bits<__m512i>(low)), _mm512_shuffle_epi8(table, bits<__m512i>(high)));
  return bits<U32>(_mm512_sad_epu8(bytes, _mm512_setzero_si512()));
#else
  const __m256i table = _mm256_broadcastsi128_si256(counts);
  const __m256i bytes =
      _mm256_add_epi8(_mm256_shuffle_epi8(table, bits<__m256i>(low)), _mm256_shuffle_epi8(table, bits<__m256i>(high)));
  return bits<U32>(_mm256_sad_epu8(bytes, _mm256_setzero_si256()));
#endif
#elif defined(__POPCNT__)
  typedef std::uint64_t U64 __attribute__((vector_size(16)));
  const U64 words = bits<U64>(v);
  return bits<U32>(U64{static_cast<std::uint64_t>(__builtin_popcountll(words[0])),
                       static_cast<std::uint64_t>(__builtin_popcountll(words[1]))});
#else
  v -= v >> 1 & 0x55555555u;
  v = (v & 0x33333333u) + (v >> 2 & 0x33333333u);
  v = (v + (v >> 4)) & 0x0f0f0f0fu;
  v += v >> 8;
  return (v + (v >> 16)) & 0x3fu;
#endif
}

struct BitRows : IntegerSums {
  static constexpr std::size_t most_rows = sum_registers > 12 ? 8 : 2;  // counting takes several registers
  using Element = std::uint8_t;
  using Chunk = U32;
  using Query = U32;
  ABI_INLINE static U32 ready(U32 chunk) { return chunk; }
};

struct Hamming : BitRows, PlainSum {
  ABI_INLINE static void step(U32 (&sum)[1], U32 query, U32 row) { sum[0] += count_bits(query ^ row); }
};

struct Jaccard : BitRows {
  static constexpr std::size_t sums = 2, own_sums = 0;  // of bits in both, of bits in either
  ABI_INLINE static void step(U32 (&sum)[2], U32 query, U32 row) {
    sum[0] += count_bits(query & row);
    sum[1] += count_bits(query | row);
  }
  template <class T, class Own>
  ABI_INLINE static T finish(const T (&sum)[2], const Own&) {
    const T quotient = sum[0] / sum[1];
    return sum[1] == 0.0f ? 1.0f + T{} : quotient;
  }
};

}  // namespace

using Bits = std::uint8_t;

std::int64_t hamming_bits(const Bits* a, const Bits* b, std::size_t n) { return one<Hamming>(a, b, n); }
float jaccard_bits(const Bits* a, const Bits* b, std::size_t n) { return one<Jaccard>(a, b, n); }

void hamming_bits_rows(float* out, const Bits* query, const Rows<Bits>& rows, std::size_t n) {
  many<Hamming>(out, query, rows, n);
}
void jaccard_bits_rows(float* out, const Bits* query, const Rows<Bits>& rows, std::size_t n) {
  many<Jaccard>(out, query, rows, n);
}

}  // namespace libabi::simd::ABI_ISA_NS
