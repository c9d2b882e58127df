#pragma once
/// What the machine can do at most: measured, not looked up, by loops that do nothing else.

#include <cstddef>

namespace bench {

/// Bytes read a second from memory far larger than the caches, `threads` threads at once; the best of a few passes.
double memory_read_bytes_per_second(unsigned threads);
/// Operations a second (a multiplication and an addition are two) of the widest f32 fused multiply-add that runs here.
double f32_operations_per_second(unsigned threads);
/// The same of 8-bit products summed into 32 bits (VPDPBUSD where there is one, else multiply-add pairs).
double int8_operations_per_second(unsigned threads);

/// Bytes read a second from the first-level cache by loads of the widest vectors on their alignment, and nothing else.
double l1_read_bytes_per_second();

/// What a distance of one row of a batch has to compute at least: its instructions, without any load.
enum class Arithmetic {
  f32_dot,
  f32_l2,
  f32_cosine,  // a multiply-add; a subtraction and a multiply-add; two multiply-adds
  f16_dot,
  f16_l2,
  f16_cosine,  // and a conversion
  bf16_dot,
  bf16_l2,
  bf16_cosine,  // VDPBF16PS; of both halves what f32 does; VDPBF16PS twice
  i8_dot,
  i8_l2,
  i8_cosine  // VPDPBUSD; differences without sign and VPDPBUSD twice; VPDPBUSD three times
};
/// Elements a second of that, where there is AVX-512 with VNNI and BF16; NaN elsewhere.
double elements_per_second(Arithmetic arithmetic);

}  // namespace bench
