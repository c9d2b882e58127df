// Kernels over the elements of rows, against their formulas in double.
#include "simd/fixture.hpp"

namespace libabi::simd {
namespace {

TEST_F(Simd, AdditionAndMultiplicationAreExactlyRounded) {
  walk([this](const Kernels& k, std::size_t n) {
    const auto a = random(n), b = random(n);
    Row x(a), y(b), sum(n), product(n), scaled(n);
    k.add(sum.data(), x.data(), y.data(), n);
    k.mul(product.data(), x.data(), y.data(), n);
    k.scale(scaled.data(), x.data(), 0.3f, n);
    k.scale_add(y.data(), x.data(), 0.3f, n);
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_EQ(sum[i], a[i] + b[i]);
      EXPECT_EQ(product[i], a[i] * b[i]);
      EXPECT_EQ(scaled[i], a[i] * 0.3f);
      EXPECT_NEAR(y[i], b[i] + 0.3f * static_cast<double>(a[i]), 2 * ulp * (std::fabs(b[i]) + std::fabs(a[i])));
    }
    k.add(x.data(), x.data(), x.data(), n);  // in place
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(x[i], 2 * a[i]);
  });
}

TEST_F(Simd, NormsFollowTheirFormula) {
  walk([this](const Kernels& k, std::size_t n) {
    const auto in = random(n, 3), weight = random(n), bias = random(n);
    double mean = 0, square = 0, variance = 0;
    for (const float v : in) {
      mean += v / static_cast<double>(n);
      square += static_cast<double>(v) * v / static_cast<double>(n);
    }
    for (const float v : in) variance += (v - mean) * (v - mean) / static_cast<double>(n);
    const double epsilon = 1e-5;
    Row x(in), w(weight), b(bias), rms(n), rms_plain(n), layer(n), layer_plain(n);
    k.rms_norm(rms.data(), x.data(), w.data(), n, 1e-5f);
    k.rms_norm(rms_plain.data(), x.data(), nullptr, n, 1e-5f);
    k.layer_norm(layer.data(), x.data(), w.data(), b.data(), n, 1e-5f);
    k.layer_norm(layer_plain.data(), x.data(), nullptr, nullptr, n, 1e-5f);
    const double steps = 16 + static_cast<double>(n) / 32;
    for (std::size_t i = 0; i < n; ++i) {
      const double r = in[i] / std::sqrt(square + epsilon), l = (in[i] - mean) / std::sqrt(variance + epsilon);
      EXPECT_NEAR(rms[i], r * weight[i], steps * ulp * std::fabs(r * weight[i]));
      EXPECT_NEAR(rms_plain[i], r, steps * ulp * std::fabs(r));
      // The mean's own rounding is relative to the elements, not to the difference.
      const double slack = steps * ulp * (std::fabs(l) + 9 / std::sqrt(variance + epsilon));
      EXPECT_NEAR(layer[i], l * weight[i] + bias[i], slack * std::fabs(weight[i]) + 2 * ulp * std::fabs(bias[i]));
      EXPECT_NEAR(layer_plain[i], l, slack);
    }
  });
}

TEST_F(Simd, TheExponentialStaysWithinTwoUlp) {
  walk([this](const Kernels& k, std::size_t n) {
    auto x = random(n, 40);
    for (float& v : x) v = std::clamp(v, -87.0f, 80.0f);
    Row row(x);
    const float total = k.exp_sum(row.data(), 0, n);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double exact = std::exp(static_cast<double>(x[i]));
      EXPECT_NEAR(row[i], exact, 2 * 0x1p-23 * exact) << x[i];
      sum += exact;
    }
    EXPECT_NEAR(total, sum, (20 + static_cast<double>(n) / 16) * ulp * sum);
  });
}

TEST_F(Simd, TheExponentialIsRightAtTheEndsOfItsRange) {
  const std::vector<float> x = {0,           -0.0f,   -87.5f,  -90,      -100,
                                -103,        -103.9f, -104.5f, -200,     -infinity,
                                88.7f,       89,      1000,    infinity, std::numeric_limits<float>::lowest(),
                                not_a_number};
  walk([&](const Kernels& k, std::size_t n) {
    if (n != lengths[1]) return;
    Row row(x);
    k.exp_sum(row.data(), 0, x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = std::exp(static_cast<double>(x[i]));
      if (std::isnan(exact)) {
        EXPECT_TRUE(std::isnan(row[i]));
      } else if (exact > std::numeric_limits<float>::max()) {
        EXPECT_EQ(row[i], infinity) << x[i];
      } else {
        EXPECT_NEAR(row[i], exact, 2 * 0x1p-23 * exact + 0x1p-149) << x[i];
      }
    }
  });
}

TEST_F(Simd, SoftmaxSumsToOneAndKeepsTheRatios) {
  walk([this](const Kernels& k, std::size_t n) {
    auto x = random(n, 10);
    if (n > 2) x[1] = -infinity;  // masked
    Row row(x);
    k.softmax(row.data(), n);
    double largest = -infinity, total = 0, sum = 0;
    for (const float v : x) largest = std::max(largest, static_cast<double>(v));
    for (const float v : x) total += std::exp(v - largest);
    for (std::size_t i = 0; i < n; ++i) {
      const double exact = std::exp(x[i] - largest) / total;
      // The difference to the maximum is rounded once: half an ulp of up to 64.
      EXPECT_NEAR(row[i], exact, (40 + static_cast<double>(n) / 16 + 64) * ulp * exact + 0x1p-149);
      sum += row[i];
    }
    EXPECT_NEAR(sum, n > 0 ? 1 : 0, 1e-5);
  });
}

TEST_F(Simd, SoftmaxOfAMaskedRowIsZeroAndNaNIsNotHidden) {
  walk([](const Kernels& k, std::size_t n) {
    std::vector<float> masked(n, -infinity);
    Row row(masked);
    k.softmax(row.data(), n);
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(row[i], 0);
    if (n == 0) return;
    masked[n / 2] = not_a_number;
    Row spoiled(masked);
    k.softmax(spoiled.data(), n);
    EXPECT_FALSE(k.all_finite(spoiled.data(), n));
  });
}

TEST_F(Simd, ActivationsFollowTheirFormula) {
  walk([this](const Kernels& k, std::size_t n) {
    auto in = random(n, 6);
    const auto up = random(n);
    if (n > 4) in[0] = 0, in[1] = -60, in[2] = 60, in[3] = -1e20f, in[4] = 1e20f;
    Row x(in), u(up), silu(n), gelu(n), swiglu(n);
    k.silu(silu.data(), x.data(), n);
    k.gelu(gelu.data(), x.data(), n);
    k.swiglu(swiglu.data(), x.data(), u.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      const double v = in[i], s = v / (1 + std::exp(-v));
      EXPECT_NEAR(silu[i], s, 8 * ulp * std::fabs(s)) << v;
      EXPECT_NEAR(swiglu[i], s * up[i], 9 * ulp * std::fabs(s * up[i])) << v;
      const double t = std::sqrt(2 / 3.14159265358979323846) * (v + 0.044715 * v * v * v);
      const double g = v / (1 + std::exp(-2 * t));
      // e^-2t turns the rounding of 2t, relative to |2t|, into an error relative to the tail of the curve.
      const double tail = std::exp(-2 * t) / (1 + std::exp(-2 * t));
      const double slack = std::isfinite(tail) ? 8 + 6 * std::fabs(2 * t) * tail : 0;
      EXPECT_NEAR(gelu[i], g, slack * ulp * std::fabs(g) + 0x1p-120) << v;
    }
  });
}

TEST_F(Simd, RopeRotatesEveryPair) {
  walk([this](const Kernels& k, std::size_t pairs) {
    const auto in = random(2 * pairs), angle = random(pairs, 2);
    std::vector<float> cosine(pairs), sine(pairs);
    for (std::size_t i = 0; i < pairs; ++i) cosine[i] = std::cos(angle[i]), sine[i] = std::sin(angle[i]);
    for (const bool halves : {false, true}) {
      Row x(in), c(cosine), s(sine), out(2 * pairs);
      const auto kernel = halves ? k.rope_halves : k.rope_neighbours;
      kernel(out.data(), x.data(), c.data(), s.data(), pairs);
      kernel(x.data(), x.data(), c.data(), s.data(), pairs);  // in place
      for (std::size_t i = 0; i < pairs; ++i) {
        const std::size_t first = halves ? i : 2 * i, second = halves ? i + pairs : 2 * i + 1;
        const double a = in[first], b = in[second], co = cosine[i], si = sine[i];
        const double slack = 3 * ulp * (std::fabs(a) + std::fabs(b));
        EXPECT_NEAR(out[first], a * co - b * si, slack);
        EXPECT_NEAR(out[second], a * si + b * co, slack);
        EXPECT_EQ(x[first], out[first]);
        EXPECT_EQ(x[second], out[second]);
      }
    }
  });
}

}  // namespace
}  // namespace libabi::simd
