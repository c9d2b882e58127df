#pragma once
/// exp and log from basic operations, which IEEE 754 rounds alike everywhere; those of the C library differ in last bits
/// between machines, and a last bit can change a token.

#include <bit>
#include <cmath>
#include <cstdint>

namespace libabi::llm {

/// e^x for x <= 0, within 2 units in the last place; 0 below -87, -infinity included.
inline float exp_of_negative(float x) noexcept {
  if (!(x >= -87.0f)) return 0;
  constexpr float round_to_whole = 12582912.0f;  // 1.5 * 2^23: adding it leaves no fraction
  const float n = (x * 1.44269504f + round_to_whole) - round_to_whole;
  // ln 2 in two parts, the first short enough that n times it is exact.
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float sum = 1.0f / 5040;  // Taylor's series; |r| <= 0.35, so the next term is below 6e-9
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  return sum * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

/// ln x for finite x > 0: 2 artanh((m - 1) / (m + 1)) + e ln 2, with x = m 2^e and m in [0.7, 1.4].
inline double log_of_positive(double x) noexcept {
  int e = 0;
  double m = std::frexp(x, &e);
  if (m < 0.70710678118654752) {
    m *= 2;
    --e;
  }
  const double s = (m - 1) / (m + 1);
  const double square = s * s;
  double sum = 0;
  for (int k = 21; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return 2 * s * sum + e * 0.69314718055994531;
}

}  // namespace libabi::llm
