#pragma once
/// Quantised rows of x: blocks of 32 elements in 44 bytes, value = scale * q.
///
///   byte 0..31    q, two's complement, in [-127, 127]
///   byte 32..35   scale, f32, NaN where an element of the block was not finite
///   byte 36..39   scale * sum of q, f32
///   byte 40..43   -sum of q, int32

#include <cstddef>

namespace libabi::quant::input {

constexpr std::size_t length = 32;
constexpr std::size_t scale = 32, scaled_sum = 36, negative_sum = 40;
constexpr std::size_t block_bytes = 44;

/// What the largest magnitude of a block may become; each is tried, since rounding 32 numbers is a matter of luck. The best
/// of eight has 0.81 (normal x) to 0.89 (Student's t, 3 degrees of freedom) of the squared error of the usual 127 with an
/// f16 scale. Twelve gain 0.02 more and cost half as much again.
constexpr float largest_codes[] = {127.45f, 126.67f, 125.89f, 125.11f, 124.33f, 123.55f, 122.77f, 122.0f};
/// Codes are of this scale at least: smaller elements are rounded to it, products with f16 scales stay clear of subnormals.
constexpr float smallest_scale = 0x1p-100f;

}  // namespace libabi::quant::input
