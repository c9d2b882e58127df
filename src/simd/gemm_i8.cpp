// Products of bytes, exact modulo 2^32: four a word where the instruction set has a dot product of four, else two, widened to
// 16 bits while they are packed.
#include "gemm.hpp"

namespace libabi::simd::ABI_ISA_NS {

namespace {

typedef std::uint8_t Bytes __attribute__((vector_size(ABI_VEC_BYTES / 4)));  // as many as there are lanes

ABI_INLINE U32 widen(const std::int8_t* from) {
#if defined(__AVX512F__)  // g++ 12 widens bytes one by one if it is left the choice
  return bits<U32>(_mm512_cvtepu8_epi32(bits<__m128i>(load_as<Bytes>(from))));
#else
  return __builtin_convertvector(load_as<Bytes>(from), U32);
#endif
}

#if defined(__AVX512VNNI__) || defined(__ARM_FEATURE_DOTPROD)

struct I8Words {
  static constexpr std::size_t group = 4;

  ABI_INLINE static U32 words(const std::int8_t* from) { return load_as<U32>(from); }
  ABI_INLINE static U32 interleave(const std::int8_t* from, std::size_t stride) {
    return widen(from) | widen(from + stride) << 8 | widen(from + 2 * stride) << 16 | widen(from + 3 * stride) << 24;
  }
  ABI_INLINE static std::uint32_t last_word(const std::int8_t* from, std::size_t stride, std::size_t count) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < count; ++i) word |= std::uint32_t{static_cast<std::uint8_t>(from[i * stride])} << 8 * i;
    return word;
  }
#if defined(__AVX512VNNI__)
  // The instruction takes unsigned bytes of a: they get 128 added, and a column's sum starts with -128 times its b.
  ABI_INLINE static U32 a_words(U32 words) { return words ^ 0x80808080u; }
  ABI_INLINE static I32 step(I32 sum, U32 a, U32 b) {
    return bits<I32>(_mm512_dpbusd_epi32(bits<__m512i>(sum), bits<__m512i>(a), bits<__m512i>(b)));
  }
  ABI_INLINE static I32 correct(I32 sum, U32 b) {
    const I32 column = step(I32{}, U32{} + 0x80808080u, b);
    return bits<I32>(bits<U32>(sum) - bits<U32>(column));
  }
#else
  ABI_INLINE static U32 a_words(U32 words) { return words; }
  ABI_INLINE static I32 step(I32 sum, U32 a, U32 b) {
    return bits<I32>(vdotq_s32(bits<int32x4_t>(sum), bits<int8x16_t>(a), bits<int8x16_t>(b)));
  }
  ABI_INLINE static I32 correct(I32 sum, U32) { return sum; }
#endif
};

#else

typedef std::int8_t I8Pairs __attribute__((vector_size(ABI_VEC_BYTES / 2)));
typedef std::int16_t I16 __attribute__((vector_size(ABI_VEC_BYTES)));

ABI_INLINE std::uint32_t as_u16(std::int8_t x) { return static_cast<std::uint16_t>(std::int16_t{x}); }

struct I8Words {
  static constexpr std::size_t group = 2;

  ABI_INLINE static U32 words(const std::int8_t* from) { return bits<U32>(__builtin_convertvector(load_as<I8Pairs>(from), I16)); }
  ABI_INLINE static U32 interleave(const std::int8_t* from, std::size_t stride) {
    return (extend(from) & 0xffffu) | extend(from + stride) << 16;
  }
  ABI_INLINE static std::uint32_t last_word(const std::int8_t* from, std::size_t stride, std::size_t count) {
    return count == 2 ? as_u16(from[0]) | as_u16(from[stride]) << 16 : as_u16(from[0]);
  }
  ABI_INLINE static U32 a_words(U32 words) { return words; }
  ABI_INLINE static I32 step(I32 sum, U32 a, U32 b) {
#if defined(__AVX512BW__)
    const I32 pairs = bits<I32>(_mm512_madd_epi16(bits<__m512i>(a), bits<__m512i>(b)));
#elif defined(__AVX2__)
    const I32 pairs = bits<I32>(_mm256_madd_epi16(bits<__m256i>(a), bits<__m256i>(b)));
#elif defined(__SSE2__)
    const I32 pairs = bits<I32>(_mm_madd_epi16(bits<__m128i>(a), bits<__m128i>(b)));
#else
    const I32 low = (bits<I32>(a << 16) >> 16) * (bits<I32>(b << 16) >> 16);
    const I32 pairs = low + (bits<I32>(a) >> 16) * (bits<I32>(b) >> 16);
#endif
    return bits<I32>(bits<U32>(sum) + bits<U32>(pairs));
  }
  ABI_INLINE static I32 correct(I32 sum, U32) { return sum; }

 private:
  ABI_INLINE static U32 extend(const std::int8_t* from) { return bits<U32>(bits<I32>(widen(from) << 24) >> 24); }
};

#endif

struct I8Type : I8Words {
  using Element = std::int8_t;
  using Sum = std::int32_t;
  using Sums = I32;
  ABI_INLINE static std::int32_t add(std::int32_t a, std::int32_t b) {
    return bits<std::int32_t>(bits<std::uint32_t>(a) + bits<std::uint32_t>(b));
  }
};

}  // namespace

void gemm_i8(std::int32_t* c, const std::int8_t* a, const std::int8_t* b, const GemmShape& shape, std::byte* workspace) {
  Product<I8Type>(c, a, b, shape, workspace).run();
}

}  // namespace libabi::simd::ABI_ISA_NS
