// Conversions between f32 and the narrow types, against the scalar ones of quant.
#include "simd/fixture.hpp"

#include <abi/quant/format.hpp>

#include <bit>

namespace libabi::simd {
namespace {

TEST_F(Simd, EveryHalfWidensToTheBitsOfTheScalarConversion) {
  std::vector<std::uint16_t> all(0x10000);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  walk([&](const Kernels& k, std::size_t n) {
    const std::size_t count = n == 1537 ? all.size() : n;
    Row<std::uint16_t> in(std::vector<std::uint16_t>(all.end() - static_cast<std::ptrdiff_t>(count), all.end()));
    Row f16(count), bf16(count);
    k.f16_to_f32(f16.data(), in.data(), count);
    k.bf16_to_f32(bf16.data(), in.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(f16[i]), std::bit_cast<std::uint32_t>(quant::f16_to_f32(in[i]))) << in[i];
      ASSERT_EQ(std::bit_cast<std::uint32_t>(bf16[i]), std::bit_cast<std::uint32_t>(quant::bf16_to_f32(in[i])));
    }
  });
}

TEST_F(Simd, NarrowingRoundsAsTheScalarConversion) {
  walk([this](const Kernels& k, std::size_t n) {
    auto in = random(n, 1);
    std::mt19937 generator(seed() + static_cast<unsigned>(n));
    for (std::size_t i = 0; i < n; ++i) {
      const auto any = static_cast<std::uint32_t>(generator());  // all exponents, ties and NaN among them
      if (i % 2) in[i] = std::bit_cast<float>(any);
      if (i % 8 == 3) in[i] = std::bit_cast<float>((any & 0xffffe000u) | 0x1000u);
      if (i % 8 == 5) in[i] = quant::f16_to_f32(static_cast<std::uint16_t>(any)) * (1 + 0x1p-11f);
      if (i % 8 == 7) in[i] = static_cast<float>(any >> 8) * 0x1p-40f;  // subnormal halves
    }
    Row x(in);
    Row<std::uint16_t> f16(n), bf16(n);
    k.f32_to_f16(f16.data(), x.data(), n);
    k.f32_to_bf16(bf16.data(), x.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(f16[i], quant::f32_to_f16(in[i])) << std::bit_cast<std::uint32_t>(in[i]);
      ASSERT_EQ(bf16[i], quant::f32_to_bf16(in[i])) << std::bit_cast<std::uint32_t>(in[i]);
    }
  });
}

TEST_F(Simd, ScaledBytesComeBackWithinHalfAStep) {
  walk([this](const Kernels& k, std::size_t n) {
    for (const float spread : {1.0f, 1e-20f, 1e30f}) {
      auto in = random(n, spread);
      Row x(in), back(n);
      Row<std::int8_t> bytes(n);
      const float scale = k.f32_to_i8(bytes.data(), x.data(), n);
      k.i8_to_f32(back.data(), bytes.data(), scale, n);
      float largest = 0;
      for (const float v : in) largest = std::max(largest, std::fabs(v));
      EXPECT_NEAR(scale, largest / 127.0, ulp * largest / 127);
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_NEAR(back[i], in[i], (0.5 + 0x1p-15) * scale);
        EXPECT_EQ(bytes[i], static_cast<int>(std::nearbyint(in[i] * (127 / largest))));
        EXPECT_EQ(back[i], static_cast<float>(bytes[i]) * scale);
      }
    }
  });
}

TEST_F(Simd, ScalingToBytesIsDefinedForEveryRow) {
  walk([](const Kernels& k, std::size_t n) {
    const auto scale_of = [&](const std::vector<float>& in, std::vector<int> expected) {
      Row x(in);
      Row<std::int8_t> bytes(n);
      const float scale = k.f32_to_i8(bytes.data(), x.data(), n);
      for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(bytes[i], expected[i]) << i;
      return scale;
    };
    std::vector<float> in(n, 0x1p-101f);
    EXPECT_EQ(scale_of(in, std::vector<int>(n, 0)), 0);
    if (n < 2) return;
    std::vector<int> expected(n, 0);
    in[0] = -2, in[1] = not_a_number, expected[0] = -127;
    EXPECT_EQ(scale_of(in, expected), 2 / 127.0f);
    in[0] = infinity, expected[0] = 0;
    EXPECT_EQ(scale_of(in, expected), infinity);
    in.assign(n, std::numeric_limits<float>::max());
    EXPECT_GT(scale_of(in, std::vector<int>(n, 127)), 1e36f);
  });
}

}  // namespace
}  // namespace libabi::simd
