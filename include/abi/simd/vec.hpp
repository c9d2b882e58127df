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

/// The larger and the smaller of each pair; where an element of `a` is NaN the result is that of `b`.
ABI_INLINE F32 max(F32 a, F32 b) { return a > b ? a : b; }
ABI_INLINE F32 min(F32 a, F32 b) { return a < b ? a : b; }
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
template <class Op>
ABI_INLINE float reduce(F32 v, Op op) {
#if ABI_VEC_BYTES == 64
  typedef float F32x8 __attribute__((vector_size(32)));
  const F32x8 eight =
      op(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
  const F32x4 four = op(__builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
#elif ABI_VEC_BYTES == 32
  const F32x4 four = op(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7));
#else
  const F32x4 four = v;
#endif
  const F32x4 two = op(four, __builtin_shufflevector(four, four, 2, 3, 0, 1));
  const F32x4 one = op(two, __builtin_shufflevector(two, two, 1, 0, 3, 2));
  return one[0];
}
ABI_INLINE float reduce_add(F32 v) {
  return reduce(v, [](auto a, auto b) { return a + b; });
}
/// The sums of four vectors, each with the bits of reduce_add.
ABI_INLINE F32x4 reduce_add(F32 a, F32 b, F32 c, F32 d) {
#if ABI_VEC_BYTES == 64
#define ABI_VEC_FIRST 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define ABI_VEC_SECOND 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
  const F32 ab = __builtin_shufflevector(a, b, ABI_VEC_FIRST) + __builtin_shufflevector(a, b, ABI_VEC_SECOND);
  const F32 cd = __builtin_shufflevector(c, d, ABI_VEC_FIRST) + __builtin_shufflevector(c, d, ABI_VEC_SECOND);
#undef ABI_VEC_FIRST
#undef ABI_VEC_SECOND
  const F32 four = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
                   __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  const F32 two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  const F32 one = two + __builtin_shufflevector(two, two, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  return __builtin_shufflevector(one, one, 0, 4, 8, 12);
#elif ABI_VEC_BYTES == 32
  const F32 ab =
      __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  const F32 cd =
      __builtin_shufflevector(c, d, 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(c, d, 4, 5, 6, 7, 12, 13, 14, 15);
  const F32 two =
      __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13) + __builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
  const F32 one = two + __builtin_shufflevector(two, two, 1, 0, 3, 2, 5, 4, 7, 6);
  return __builtin_shufflevector(one, one, 0, 4, 2, 6);
#else
  const F32 ab = __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  const F32 cd = __builtin_shufflevector(c, d, 0, 1, 4, 5) + __builtin_shufflevector(c, d, 2, 3, 6, 7);
  return __builtin_shufflevector(ab, cd, 0, 2, 4, 6) + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
#endif
}
ABI_INLINE float reduce_max(F32 v) {
  return reduce(v, [](auto a, auto b) { return a > b ? a : b; });
}

/// Asks for the cache line at `at`; any address will do.
ABI_INLINE void prefetch(const std::byte* at) { __builtin_prefetch(at); }

// --- binary16 and bfloat16 ------------------------------------------------------------------------------------------

/// As many halves as F32 has lanes; the first n of them with zeros behind.
ABI_INLINE U16 load_u16(const std::uint16_t* from) { return load_as<U16>(from); }
ABI_INLINE U16 load_u16_part(const std::uint16_t* from, std::size_t n) {
  std::uint16_t part[lanes] = {};
  for (std::size_t i = 0; i < n; ++i) part[i] = from[i];
  return load_u16(part);
}
ABI_INLINE void store_u16_part(std::uint16_t* to, U16 v, std::size_t n) {
  std::uint16_t part[lanes];
  store_as(part, v);
  for (std::size_t i = 0; i < n; ++i) to[i] = part[i];
}

ABI_INLINE U32 widen(U16 v) { return __builtin_convertvector(v, U32); }
ABI_INLINE U16 narrow(U32 v) { return __builtin_convertvector(v, U16); }

ABI_INLINE F32 from_f16(U16 half) {
#if defined(__AVX512F__)
  return bits<F32>(_mm512_cvtph_ps(bits<__m256i>(half)));
#elif defined(__F16C__)
  return bits<F32>(_mm256_cvtph_ps(bits<__m128i>(half)));
#elif defined(__aarch64__)
  return bits<F32>(vcvt_f32_f16(bits<float16x4_t>(half)));
#else
  // The fraction and exponent of a binary16, put in place, read as binary32 are 2^112 times too small; the product is
  // exact, of subnormals too. Infinity and NaN get their exponent afterwards, NaN its quiet bit.
  const U32 wide = widen(half), magnitude = wide & 0x7fffu;
  const U32 scaled = bits<U32>(bits<F32>(magnitude << 13) * 0x1p112f);
  const U32 special = bits<U32>(magnitude >= 0x7c00u) & 0x7f800000u;
  const U32 quiet = bits<U32>(magnitude > 0x7c00u) & 0x400000u;
  return bits<F32>(scaled | special | quiet | (wide & 0x8000u) << 16);
#endif
}

/// Rounds to nearest even; beyond the range is infinity, NaN stays NaN.
ABI_INLINE U16 to_f16(F32 v) {
#if defined(__AVX512F__)
  return bits<U16>(_mm512_cvtps_ph(bits<__m512>(v), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__F16C__)
  return bits<U16>(_mm256_cvtps_ph(bits<__m256>(v), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__aarch64__)
  return bits<U16>(vcvt_f16_f32(bits<float32x4_t>(v)));
#else
  const U32 magnitude = bits<U32>(v) & 0x7fffffffu, sign = bits<U32>(v) >> 16 & 0x8000u;
  const U32 normal = ((magnitude + 0xfffu + (magnitude >> 13 & 1u)) >> 13) - (112u << 10);
  // Below 2^-14 the unit in the last place is that of binary32 in [0.5, 1): adding 0.5 makes the processor round.
  const U32 small = bits<U32>(bits<F32>(magnitude) + 0.5f) - 0x3f000000u;
  const U32 nan = 0x7e00u | (magnitude >> 13 & 0x3ffu);
  U32 half = magnitude < 0x38800000u ? small : normal;
  half = magnitude >= 0x477ff000u ? U32{} + 0x7c00u : half;
  half = magnitude > 0x7f800000u ? nan : half;
  return narrow(half | sign);
#endif
}

ABI_INLINE F32 from_bf16(U16 half) {
#if defined(__AVX512F__)
  typedef std::uint16_t Words __attribute__((vector_size(64)));  // one shuffle to the upper words, zeros to the lower ones
  const Words places = {0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9, 0, 10, 0, 11, 0, 12, 0, 13, 0, 14, 0, 15};
  return bits<F32>(
      _mm512_maskz_permutexvar_epi16(0xaaaaaaaau, bits<__m512i>(places), _mm512_castsi256_si512(bits<__m256i>(half))));
#else
  return bits<F32>(widen(half) << 16);
#endif
}

/// Rounds to nearest even; NaN stays NaN.
ABI_INLINE U16 to_bf16(F32 v) {
  const U32 all = bits<U32>(v), quiet = (all >> 16) | 0x40u;
  const U32 rounded = (all + 0x7fffu + (all >> 16 & 1u)) >> 16;
  return narrow((all & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

// --- integers -------------------------------------------------------------------------------------------------------

ABI_INLINE F32 to_float(I32 v) { return __builtin_convertvector(v, F32); }

/// The low byte of each lane, to `lanes` bytes.
ABI_INLINE void store_low_bytes(std::byte* to, I32 v) { store_as(to, __builtin_convertvector(v, I8Lanes)); }

/// The same 32 bits in every lane.
ABI_INLINE I32 broadcast_i32(const std::byte* from) {
  std::int32_t value;
  __builtin_memcpy(&value, from, sizeof value);
  return I32{} + value;
}
ABI_INLINE F32 broadcast_f32(const std::byte* from) { return bits<F32>(broadcast_i32(from)); }

// --- the exponential ------------------------------------------------------------------------------------------------

/// e^x, within 2 ulp where the result is normal (1 ulp with fused multiply-add); below e^-104 it is 0, above the range
/// infinity, NaN stays NaN. x = n ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts so that r is exact to the last bit
/// (Cody and Waite, 1980); e^r is its Taylor polynomial of degree 7, whose remainder is below 2^-27. 2^n is applied in two steps,
/// since n reaches from -150 to 128.
ABI_INLINE F32 exp(F32 x) {
  const F32 lowest = broadcast(-104.0f), highest = broadcast(89.0f), round = broadcast(0x1.8p23f);
  x = x < lowest ? lowest : x;
  x = x > highest ? highest : x;
  const F32 shifted = fma(x, broadcast(0x1.715476p0f), round);  // adding 1.5 * 2^23 leaves the nearest integer in the low bits
  const F32 n = shifted - round;
  F32 r = fma(n, broadcast(-0x1.63p-1f), x);  // -355/512: exact products for |n| < 2^14
  r = fma(n, broadcast(0x1.bd0106p-13f), r);  // 355/512 - ln 2
  F32 p = broadcast(1.0f / 5040);
  p = fma(p, r, broadcast(1.0f / 720));
  p = fma(p, r, broadcast(1.0f / 120));
  p = fma(p, r, broadcast(1.0f / 24));
  p = fma(p, r, broadcast(1.0f / 6));
  p = fma(p, r, broadcast(0.5f));
  p = fma(p, r * r, r) + 1.0f;
  const I32 whole = bits<I32>(shifted) - bits<I32>(round), half = whole >> 1;
  const F32 first = bits<F32>((half + 127) << 23), second = bits<F32>((whole - half + 127) << 23);
  return p * first * second;
}

/// 1 / (1 + e^-x)
ABI_INLINE F32 sigmoid(F32 x) { return 1.0f / (1.0f + exp(-x)); }

}  // namespace
}  // namespace libabi::simd::ABI_ISA_NS
