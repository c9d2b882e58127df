#pragma once
/// What a distance cannot do without, as a loop that does nothing else.
///
/// bare_pair<arithmetic, lines>   one to one: the loads of both rows and the instructions of its steps, straight on, without a
///                                loop, a tail or a sum across the lanes. It is called as often and with the same rows.
/// rows_per_second<arithmetic>()  one to many: the instructions of the steps of rows and of the sums across their lanes, without
/// a
///                                load: the sums of sixteen rows become one vector by fifteen joins, each a blend, a shuffle and
///                                an addition; a cosine has two of them, and a root, a product and a quotient of the vector.
///
/// A part of a vector takes what a whole one takes. Where there is no AVX-512 with VNNI and BF16 nothing is known.

#include "limits.hpp"
#include "measure.hpp"

#include <cstddef>
#include <limits>
#include <utility>

namespace bench {

#if defined(__x86_64__)

// The first letters of an instruction's operands: rows at %0 and %1, their vector at %c2; x: the number of a sum, y and z: of two
// more. zmm12 .. 15 are for what is in between.
#define ABI_AT_A "%c2(%0)"
#define ABI_AT_B "%c2(%1)"
#define ABI_A "vmovups " ABI_AT_A ",%%zmm12\n\t"
#define ABI_B "vmovups " ABI_AT_B ",%%zmm13\n\t"
#define ABI_DO(op, a, b, to) op " %%zmm" #a ",%%zmm" #b ",%%zmm" #to "\n\t"
#define ABI_WIDE(half, x) "vcvtph2ps " half "+%c2(%0),%%zmm12\n\tvcvtph2ps " half "+%c2(%1),%%zmm13\n\t" x
#define ABI_SPLIT                                                    \
  ABI_A ABI_B                                                        \
      "vpslld $16,%%zmm12,%%zmm14\n\tvpslld $16,%%zmm13,%%zmm15\n\t" \
      "vpandd %%zmm12,%%zmm11,%%zmm12\n\tvpandd %%zmm13,%%zmm11,%%zmm13\n\t"
#define ABI_PAIR_f32_dot(x, y, z) ABI_A "vfmadd231ps " ABI_AT_B ",%%zmm12,%%zmm" #x "\n\t"
#define ABI_PAIR_f32_l2(x, y, z) ABI_A "vsubps " ABI_AT_B ",%%zmm12,%%zmm13\n\t" ABI_DO("vfmadd231ps", 13, 13, x)
#define ABI_PAIR_f32_cosine(x, y, z) \
  ABI_A ABI_B ABI_DO("vfmadd231ps", 12, 13, x) ABI_DO("vfmadd231ps", 12, 12, y) ABI_DO("vfmadd231ps", 13, 13, z)
#define ABI_PAIR_f16_dot(x, y, z) ABI_WIDE("0", ABI_DO("vfmadd231ps", 12, 13, x)) ABI_WIDE("32", ABI_DO("vfmadd231ps", 12, 13, y))
#define ABI_F16_L2(x) ABI_DO("vsubps", 12, 13, 14) ABI_DO("vfmadd231ps", 14, 14, x)
#define ABI_PAIR_f16_l2(x, y, z) ABI_WIDE("0", ABI_F16_L2(x)) ABI_WIDE("32", ABI_F16_L2(y))
#define ABI_THREE(op, x, y, z) ABI_DO(op, 12, 13, x) ABI_DO(op, 12, 12, y) ABI_DO(op, 13, 13, z)
#define ABI_PAIR_f16_cosine(x, y, z) \
  ABI_WIDE("0", ABI_THREE("vfmadd231ps", x, y, z)) ABI_WIDE("32", ABI_THREE("vfmadd231ps", x, y, z))
#define ABI_PAIR_bf16_dot(x, y, z) ABI_A "vdpbf16ps " ABI_AT_B ",%%zmm12,%%zmm" #x "\n\t"
#define ABI_PAIR_bf16_l2(x, y, z)                                                                      \
  ABI_SPLIT ABI_DO("vsubps", 14, 15, 14) ABI_DO("vsubps", 12, 13, 12) ABI_DO("vfmadd231ps", 14, 14, x) \
      ABI_DO("vfmadd231ps", 12, 12, y)
#define ABI_PAIR_bf16_cosine(x, y, z) ABI_A ABI_B ABI_THREE("vdpbf16ps", x, y, z)
#define ABI_TURN_A ABI_DO("vpxord", 12, 11, 14)
#define ABI_TURN_B ABI_DO("vpxord", 13, 11, 15)
#define ABI_PAIR_i8_dot(x, y, z) ABI_A ABI_B ABI_TURN_B ABI_DO("vpdpbusd", 12, 15, x) ABI_DO("vpdpbusd", 12, 11, y)
#define ABI_PAIR_i8_l2(x, y, z)                                                                        \
  ABI_A ABI_B ABI_DO("vpmaxsb", 12, 13, 14) ABI_DO("vpminsb", 12, 13, 15) ABI_DO("vpsubb", 15, 14, 12) \
      ABI_DO("vpxord", 12, 11, 13) ABI_DO("vpdpbusd", 13, 12, x) ABI_DO("vpdpbusd", 13, 11, y)
#define ABI_PAIR_i8_cosine(x, y, z)                                                                                           \
  ABI_A ABI_B ABI_TURN_A ABI_TURN_B ABI_DO("vpdpbusd", 12, 15, x) ABI_DO("vpdpbusd", 12, 14, y) ABI_DO("vpdpbusd", 13, 15, z) \
      ABI_DO("vpdpbusd", 11, 14, 9) ABI_DO("vpdpbusd", 11, 15, 10)

#define ABI_EVERY_PAIR(of)                                                                                             \
  of(f32_dot) of(f32_l2) of(f32_cosine) of(f16_dot) of(f16_l2) of(f16_cosine) of(bf16_dot) of(bf16_l2) of(bf16_cosine) \
      of(i8_dot) of(i8_l2) of(i8_cosine)
#define ABI_CLOBBERED                                                                                                          \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", \
      "xmm15"

/// Line `line` of both rows, into one of three sets of sums.
template <Arithmetic arithmetic, std::size_t line>
[[gnu::always_inline]] inline void bare_line(const void* a, const void* b) {
#define ABI_STEP(x, y, z, kind) asm volatile(ABI_PAIR_##kind(x, y, z) : : "r"(a), "r"(b), "i"(line * 64) : ABI_CLOBBERED);
#define ABI_KIND(kind)                            \
  if constexpr (arithmetic == Arithmetic::kind) { \
    if constexpr (line % 3 == 0) {                \
      ABI_STEP(0, 1, 2, kind)                     \
    } else if constexpr (line % 3 == 1) {         \
      ABI_STEP(3, 4, 5, kind)                     \
    } else {                                      \
      ABI_STEP(6, 7, 8, kind)                     \
    }                                             \
  }
  ABI_EVERY_PAIR(ABI_KIND)
#undef ABI_KIND
#undef ABI_STEP
}

template <Arithmetic arithmetic, std::size_t lines, class Element, class Result>
[[gnu::noinline]] Result bare_pair(const Element* a, const Element* b, std::size_t) {
  // Each call begins with sums of its own, as a distance does.
  asm volatile(
      "vpxor %%xmm0,%%xmm0,%%xmm0\n\tvpxor %%xmm1,%%xmm1,%%xmm1\n\tvpxor %%xmm2,%%xmm2,%%xmm2\n\tvpxor %%xmm3,%%xmm3,%%xmm3\n\t"
      "vpxor %%xmm4,%%xmm4,%%xmm4\n\tvpxor %%xmm5,%%xmm5,%%xmm5\n\tvpxor %%xmm6,%%xmm6,%%xmm6\n\tvpxor %%xmm7,%%xmm7,%%xmm7\n\t"
      "vpxor %%xmm8,%%xmm8,%%xmm8\n\tvpxor %%xmm9,%%xmm9,%%xmm9\n\tvpxor %%xmm10,%%xmm10,%%xmm10\n\t"
      "vpxor %%xmm11,%%xmm11,%%xmm11"
      :
      :
      : ABI_CLOBBERED);
  [&]<std::size_t... line>(std::index_sequence<line...>)
      __attribute__((always_inline)) { (bare_line<arithmetic, line>(a, b), ...); }(std::make_index_sequence<lines>{});
  return Result{};
}

#define ABI_EIGHT_ROWS(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7)
#define ABI_SIXTEEN_ROWS(f) ABI_EIGHT_ROWS(f) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)
#define ABI_ROW_f32_dot(i) ABI_DO("vfmadd231ps", 16, 17, i)
#define ABI_ROW_f32_l2(i) ABI_DO("vsubps", 16, 17, 18) ABI_DO("vfmadd231ps", 18, 18, i)
#define ABI_ROW_f32_cosine(i) ABI_ROW_f32_dot(i) ABI_ROW_f32_dot(i)
#define ABI_WIDEN "vcvtph2ps %%ymm16,%%zmm18\n\t"
#define ABI_ROW_f16_dot(i)                   \
  ABI_WIDEN ABI_DO("vfmadd231ps", 17, 18, i) \
  ABI_WIDEN ABI_DO("vfmadd231ps", 17, 18, i)
#define ABI_HALF_L2(i) ABI_WIDEN ABI_DO("vsubps", 17, 18, 19) ABI_DO("vfmadd231ps", 19, 19, i)
#define ABI_ROW_f16_l2(i) ABI_HALF_L2(i) ABI_HALF_L2(i)
#define ABI_HALF_COSINE(i) ABI_WIDEN ABI_DO("vfmadd231ps", 17, 18, i) ABI_DO("vfmadd231ps", 18, 18, i)
#define ABI_ROW_f16_cosine(i) ABI_HALF_COSINE(i) ABI_HALF_COSINE(i)
#define ABI_ROW_bf16_dot(i) ABI_DO("vdpbf16ps", 16, 17, i)
#define ABI_ROW_bf16_cosine(i) ABI_ROW_bf16_dot(i) ABI_ROW_bf16_dot(i)
#define ABI_ROW_bf16_l2(i)                                                                                                \
  "vpslld $16,%%zmm16,%%zmm18\n\t" ABI_DO("vpandd", 17, 16, 19) ABI_DO("vsubps", 18, 17, 20) ABI_DO("vsubps", 19, 17, 21) \
      ABI_DO("vfmadd231ps", 20, 20, i) ABI_DO("vfmadd231ps", 21, 21, i)
#define ABI_ROW_i8_dot(i) ABI_DO("vpxord", 16, 17, 18) ABI_DO("vpdpbusd", 16, 18, i)
#define ABI_ROW_i8_l2(i)        \
  ABI_DO("vpmaxsb", 16, 17, 18) \
  ABI_DO("vpminsb", 16, 17, 19) \
  ABI_DO("vpsubb", 19, 18, 20) ABI_DO("vpxord", 16, 17, 21) ABI_DO("vpdpbusd", 20, 21, i) ABI_DO("vpdpbusd", 17, 21, i)
#define ABI_ROW_i8_cosine(i) ABI_ROW_i8_dot(i) ABI_DO("vpdpbusd", 16, 18, i) ABI_DO("vpdpbusd", 17, 18, i)
#define ABI_JOIN(i) \
  "vpblendmd %%zmm" #i ",%%zmm16,%%zmm18%{%%k1%}\n\tvshufps $0x4e,%%zmm" #i ",%%zmm16,%%zmm19\n\t" ABI_DO("vaddps", 18, 19, 20)
#define ABI_JOINS \
  ABI_EIGHT_ROWS(ABI_JOIN) ABI_JOIN(8) ABI_JOIN(9) ABI_JOIN(10) ABI_JOIN(11) ABI_JOIN(12) ABI_JOIN(13) ABI_JOIN(14)
#define ABI_ALL_CLOBBERED ABI_CLOBBERED, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "k1"

template <Arithmetic arithmetic>
__attribute__((target("avx512f"), noinline)) void bare_rows(std::size_t lines, std::size_t rounds) {
  constexpr bool cosine = arithmetic == Arithmetic::f32_cosine || arithmetic == Arithmetic::f16_cosine ||
                          arithmetic == Arithmetic::bf16_cosine || arithmetic == Arithmetic::i8_cosine;
  asm volatile("vpxord %%zmm16,%%zmm16,%%zmm16\n\tvpxord %%zmm17,%%zmm17,%%zmm17" : : : ABI_ALL_CLOBBERED);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t line = 0; line < lines; ++line) {
#define ABI_KIND(kind) \
  if constexpr (arithmetic == Arithmetic::kind) asm volatile(ABI_SIXTEEN_ROWS(ABI_ROW_##kind) : : : ABI_ALL_CLOBBERED);
      ABI_EVERY_PAIR(ABI_KIND)
#undef ABI_KIND
    }
    asm volatile(ABI_JOINS : : : ABI_ALL_CLOBBERED);
    if constexpr (cosine)
      asm volatile(ABI_JOINS "vsqrtps %%zmm16,%%zmm18\n\tvmulps %%zmm18,%%zmm17,%%zmm18\n\tvdivps %%zmm18,%%zmm16,%%zmm18"
                   :
                   :
                   : ABI_ALL_CLOBBERED);
  }
}

inline bool knows_bare() { return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16"); }

/// Rows of so many lines a second.
template <Arithmetic arithmetic>
double rows_per_second(std::size_t lines) {
  if (!knows_bare()) return std::numeric_limits<double>::quiet_NaN();
  const std::size_t rounds = 40000 / (lines + 4) + 1;
  return 16.0 * static_cast<double>(rounds) / seconds([&] { bare_rows<arithmetic>(lines, rounds); });
}
#else
inline bool knows_bare() { return false; }
template <Arithmetic arithmetic>
double rows_per_second(std::size_t) {
  return std::numeric_limits<double>::quiet_NaN();
}
template <Arithmetic arithmetic, std::size_t lines, class Element, class Result>
Result bare_pair(const Element*, const Element*, std::size_t) {
  return Result{};
}
#endif

}  // namespace bench
