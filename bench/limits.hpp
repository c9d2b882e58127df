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

}  // namespace bench
