#include <gtest/gtest.h>

#include <abi/quant/format.hpp>

#include <bit>
#include <cmath>
#include <limits>

namespace {

using namespace libabi::quant;

/// binary16 from its definition.
double f16_value(std::uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const double fraction = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) ? -magnitude : magnitude;
}

bool f16_is_finite(std::uint32_t bits) { return (bits >> 10 & 31) != 31; }

TEST(Half, EveryF16DecodesToItsValueAndBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = f16_to_f32(static_cast<std::uint16_t>(bits));
    if (f16_is_finite(bits)) {
      ASSERT_EQ(static_cast<double>(value), f16_value(bits)) << bits;
      ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << bits;
      ASSERT_EQ(f32_to_f16(value), bits);
    } else if ((bits & 1023) == 0) {
      ASSERT_EQ(value, (bits & 0x8000) ? -INFINITY : INFINITY);
      ASSERT_EQ(f32_to_f16(value), bits);
    } else {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value)))) << bits;
    }
  }
}

TEST(Half, RoundsToTheNearestF16AndTiesToEven) {
  for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const double low = f16_value(bits), high = f16_value(bits + 1), middle = (low + high) / 2;
    const auto tie = static_cast<float>(middle);  // 12 bits at most: exact
    ASSERT_EQ(f32_to_f16(tie), bits + (bits & 1)) << bits;
    ASSERT_EQ(f32_to_f16(std::nextafterf(tie, 0)), bits) << bits;
    ASSERT_EQ(f32_to_f16(std::nextafterf(tie, INFINITY)), bits + 1) << bits;
    ASSERT_EQ(f32_to_f16(-tie), (bits + (bits & 1)) | 0x8000) << bits;
  }
}

TEST(Half, F16OverflowsWhereTheNextStepWouldRound) {
  EXPECT_EQ(f32_to_f16(65504.0f), 0x7bff);
  EXPECT_EQ(f32_to_f16(std::nextafterf(65520.0f, 0)), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_f16(-1e30f), 0xfc00);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(Half, EveryBf16IsTheUpperHalfOfAFloat) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bf16_to_f32(static_cast<std::uint16_t>(bits));
    ASSERT_EQ(std::bit_cast<std::uint32_t>(value), bits << 16);
    if (std::isnan(value))
      ASSERT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(value))));
    else
      ASSERT_EQ(f32_to_bf16(value), bits);
  }
}

TEST(Half, RoundsToTheNearestBf16AndTiesToEven) {
  for (std::uint32_t bits = 0; bits < 0x7f7f; ++bits) {
    const auto tie = std::bit_cast<float>(bits << 16 | 0x8000);
    ASSERT_EQ(f32_to_bf16(tie), bits + (bits & 1)) << bits;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(bits << 16 | 0x7fff)), bits);
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(bits << 16 | 0x8001)), bits + 1);
  }
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7f80);  // nearest is infinity
}

}  // namespace
