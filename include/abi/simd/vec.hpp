#pragma once
/// Vectors for the authors of kernels: one width per instruction set, the same names everywhere.
///
/// Only kernel sources include this (they are compiled once per instruction set, with ABI_ISA_NS naming it). Everything
/// here is in an unnamed namespace inside the namespace of the instruction set and is always inlined, so that a
/// kernel's object holds no symbol which the linker could take for code of another instruction set. Loads and stores
/// need no alignment. `fma` rounds once where the instruction set can and twice on `baseline`; it never depends on what
/// a compiler likes to contract.

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__wasm__)
#include <wasm_simd128.h>
#endif

#if defined(__AVX512F__)
#define ABI_VEC_BYTES 64
#elif defined(__AVX2__)
#define ABI_VEC_BYTES 32
#else
#define ABI_VEC_BYTES 16
#endif

/// Small functions of kernels; the macro keeps them out of the symbol table at every optimisation level.
#define ABI_INLINE [[gnu::always_inline]] inline
/// The same behind the parameters of a lambda.
#define ABI_INLINE_LAMBDA __attribute__((always_inline))

namespace libabi::simd::ABI_ISA_NS {
namespace {

typedef float F32 __attribute__((vector_size(ABI_VEC_BYTES)));
typedef std::int32_t I32 __attribute__((vector_size(ABI_VEC_BYTES)));
typedef std::uint32_t U32 __attribute__((vector_size(ABI_VEC_BYTES)));
typedef std::uint16_t U16 __attribute__((vector_size(ABI_VEC_BYTES / 2)));  ///< as many lanes as F32
typedef std::int8_t I8 __attribute__((vector_size(ABI_VEC_BYTES)));         ///< four a lane of F32
typedef std::uint8_t U8 __attribute__((vector_size(ABI_VEC_BYTES)));
typedef std::int8_t I8Lanes __attribute__((vector_size(ABI_VEC_BYTES / 4)));  ///< as many lanes as F32

constexpr std::size_t lanes = ABI_VEC_BYTES / sizeof(float);

template <class To, class From>
ABI_INLINE To bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

template <class V, class T>
ABI_INLINE V load_as(const T* from) {
  V v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
template <class V, class T>
ABI_INLINE void store_as(T* to, V v) {
  __builtin_memcpy(to, &v, sizeof v);
}

ABI_INLINE F32 load(const float* from) { return load_as<F32>(from); }
ABI_INLINE void store(float* to, F32 v) { store_as(to, v); }
ABI_INLINE F32 broadcast(float x) { return F32{} + x; }

/// The first n < lanes elements, zeros behind them; nothing past them is read.
ABI_INLINE F32 load_part(const float* from, std::size_t n) {
#if defined(__AVX512F__)
  return bits<F32>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), from));
#else
  float part[lanes] = {};
  for (std::size_t i = 0; i < n; ++i) part[i] = from[i];
  return load(part);
#endif
}
ABI_INLINE void store_part(float* to, F32 v, std::size_t n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << n) - 1), bits<__m512>(v));
#else
  float part[lanes];
  store(part, v);
  for (std::size_t i = 0; i < n; ++i) to[i] = part[i];
#endif
}

/// a * b + c
ABI_INLINE F32 fma(F32 a, F32 b, F32 c) {
#if defined(__AVX512F__)
  return bits<F32>(_mm512_fmadd_ps(bits<__m512>(a), bits<__m512>(b), bits<__m512>(c)));
#elif defined(__FMA__)
  return bits<F32>(_mm256_fmadd_ps(bits<__m256>(a), bits<__m256>(b), bits<__m256>(c)));
#elif defined(__aarch64__)
  return bits<F32>(vfmaq_f32(bits<float32x4_t>(c), bits<float32x4_t>(a), bits<float32x4_t>(b)));
#else
  return a * b + c;
#endif
}
ABI_INLINE float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

/// (g++ 12 warns of what its unmasked intrinsics leave undefined.)
/// The larger and the smaller of each pair; where an element of `a` is NaN the result is that of `b`.
ABI_INLINE F32 max(F32 a, F32 b) {
#if defined(__AVX512F__)
  return bits<F32>(_mm512_maskz_max_ps(0xffff, bits<__m512>(a), bits<__m512>(b)));
#elif defined(__AVX2__)
  return bits<F32>(_mm256_max_ps(bits<__m256>(a), bits<__m256>(b)));
#elif defined(__SSE2__)
  return bits<F32>(_mm_max_ps(bits<__m128>(a), bits<__m128>(b)));
#else
  return a > b ? a : b;
#endif
}
ABI_INLINE F32 min(F32 a, F32 b) {
#if defined(__AVX512F__)
  return bits<F32>(_mm512_maskz_min_ps(0xffff, bits<__m512>(a), bits<__m512>(b)));
#elif defined(__AVX2__)
  return bits<F32>(_mm256_min_ps(bits<__m256>(a), bits<__m256>(b)));
#elif defined(__SSE2__)
  return bits<F32>(_mm_min_ps(bits<__m128>(a), bits<__m128>(b)));
#else
  return a < b ? a : b;
#endif
}
ABI_INLINE F32 abs(F32 a) { return bits<F32>(bits<U32>(a) & 0x7fffffffu); }

#if ABI_VEC_BYTES == 64
#define ABI_VEC_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ABI_VEC_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define ABI_VEC_ZIP_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define ABI_VEC_ZIP_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif ABI_VEC_BYTES == 32
#define ABI_VEC_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ABI_VEC_ODD 1, 3, 5, 7, 9, 11, 13, 15
#define ABI_VEC_ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define ABI_VEC_ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define ABI_VEC_EVEN 0, 2, 4, 6
#define ABI_VEC_ODD 1, 3, 5, 7
#define ABI_VEC_ZIP_LOW 0, 4, 1, 5
#define ABI_VEC_ZIP_HIGH 2, 6, 3, 7
#endif

/// Elements 0, 2, 4 ... (even) and 1, 3, 5 ... (odd) of a followed by b; zip_low and zip_high put them together again.
ABI_INLINE F32 even(F32 a, F32 b) { return __builtin_shufflevector(a, b, ABI_VEC_EVEN); }
ABI_INLINE F32 odd(F32 a, F32 b) { return __builtin_shufflevector(a, b, ABI_VEC_ODD); }
ABI_INLINE F32 zip_low(F32 a, F32 b) { return __builtin_shufflevector(a, b, ABI_VEC_ZIP_LOW); }
ABI_INLINE F32 zip_high(F32 a, F32 b) { return __builtin_shufflevector(a, b, ABI_VEC_ZIP_HIGH); }

/// Rows become columns. Interleaving the halves of the list rotates the bits of (row, lane) by one; after log2(lanes) times
/// the two have changed places.
ABI_INLINE void transpose(F32 (&v)[lanes]) {
#pragma GCC unroll 4
  for (std::size_t stage = 1; stage < lanes; stage *= 2) {
    F32 next[lanes];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < lanes / 2; ++i) {
      next[2 * i] = zip_low(v[i], v[i + lanes / 2]);
      next[2 * i + 1] = zip_high(v[i], v[i + lanes / 2]);
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < lanes; ++i) v[i] = next[i];
  }
}

typedef float F32x4 __attribute__((vector_size(16)));

/// Reduces a vector to four lanes by halves, then to one: ((0+2)+(1+3)) of the four. The order is fixed.
template <class V, class Op>
ABI_INLINE auto reduce(V v, Op op) {
  static_assert(sizeof v[0] == 4);
#if ABI_VEC_BYTES == 64
  const auto eight =
      op(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
  const auto four = op(__builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
#elif ABI_VEC_BYTES == 32
  const auto four = op(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7));
#else
  const V four = v;
#endif
  const auto two = op(four, __builtin_shufflevector(four, four, 2, 3, 0, 1));
  const auto one = op(two, __builtin_shufflevector(two, two, 1, 0, 3, 2));
  return one[0];
}
template <class V>
ABI_INLINE auto reduce_add(V v) {
  return reduce(v, [](auto a, auto b) { return a + b; });
}
/// The sums of four vectors, each with the bits of reduce_add.
template <class V>
ABI_INLINE auto reduce_add(V a, V b, V c, V d) {
#if ABI_VEC_BYTES == 64
#define ABI_VEC_FIRST 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define ABI_VEC_SECOND 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
  const auto ab = __builtin_shufflevector(a, b, ABI_VEC_FIRST) + __builtin_shufflevector(a, b, ABI_VEC_SECOND);
  const auto cd = __builtin_shufflevector(c, d, ABI_VEC_FIRST) + __builtin_shufflevector(c, d, ABI_VEC_SECOND);
#undef ABI_VEC_FIRST
#undef ABI_VEC_SECOND
  const auto four = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
                    __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  const auto two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  const auto one = two + __builtin_shufflevector(two, two, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  return __builtin_shufflevector(one, one, 0, 4, 8, 12);
#elif ABI_VEC_BYTES == 32
  const auto ab =
      __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  const auto cd =
      __builtin_shufflevector(c, d, 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(c, d, 4, 5, 6, 7, 12, 13, 14, 15);
  const auto two =
      __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13) + __builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
  const auto one = two + __builtin_shufflevector(two, two, 1, 0, 3, 2, 5, 4, 7, 6);
  return __builtin_shufflevector(one, one, 0, 4, 2, 6);
#else
  const auto ab = __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  const auto cd = __builtin_shufflevector(c, d, 0, 1, 4, 5) + __builtin_shufflevector(c, d, 2, 3, 6, 7);
  return __builtin_shufflevector(ab, cd, 0, 2, 4, 6) + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
#endif
}
ABI_INLINE float reduce_max(F32 v) {
  return reduce(v, [](auto a, auto b) { return a > b ? a : b; });
}
ABI_INLINE float reduce_min(F32 v) {
  return reduce(v, [](auto a, auto b) { return a < b ? a : b; });
}

/// Asks for the cache line at `at`; any address will do.
ABI_INLINE void prefetch(const std::byte* at) { __builtin_prefetch(at); }

// --- integers -------------------------------------------------------------------------------------------------------

ABI_INLINE F32 to_float(I32 v) { return __builtin_convertvector(v, F32); }

/// The low byte of each lane.
ABI_INLINE I8Lanes low_bytes(I32 v) {
#if defined(__AVX512F__)  // g++ 12 goes byte by byte if it is left the choice
  return bits<I8Lanes>(_mm512_maskz_cvtepi32_epi8(0xffff, bits<__m512i>(v)));
#else
  return __builtin_convertvector(v, I8Lanes);
#endif
}
ABI_INLINE void store_low_bytes(std::byte* to, I32 v) { store_as(to, low_bytes(v)); }

/// Signed bytes to lanes.
ABI_INLINE I32 widen(I8Lanes v) {
#if defined(__AVX512F__)
  return bits<I32>(_mm512_maskz_cvtepi8_epi32(0xffff, bits<__m128i>(v)));
#elif defined(__AVX2__)
  return bits<I32>(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(bits<long long>(v))));
#elif defined(__SSE4_1__)
  return bits<I32>(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(bits<int>(v))));
#else
  return __builtin_convertvector(v, I32);
#endif
}

/// The same 32 bits in every lane.
ABI_INLINE I32 broadcast_i32(const std::byte* from) {
  std::int32_t value;
  __builtin_memcpy(&value, from, sizeof value);
  return I32{} + value;
}
ABI_INLINE F32 broadcast_f32(const std::byte* from) { return bits<F32>(broadcast_i32(from)); }

}  // namespace
}  // namespace libabi::simd::ABI_ISA_NS

#include <abi/simd/vec_exp.inc>
#include <abi/simd/vec_half.inc>
