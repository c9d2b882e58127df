// Every kernel on every instruction set that this machine runs, against its formula in double.
#include <gtest/gtest.h>

#include <abi/quant/format.hpp>
#include <abi/simd/kernels.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace {

using libabi::simd::Kernels;

constexpr double ulp = 0x1p-24;  ///< half a unit in the last place of a number near 1
constexpr float infinity = std::numeric_limits<float>::infinity();
const float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// One below, at and above every vector width and its multiples, and a large odd one.
const std::vector<std::size_t> lengths = {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 67, 127, 1537};

unsigned seed() {
  const char* given = std::getenv("ABI_SEED");
  return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20261124u;
}

class Simd : public testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(seed())); }

  std::vector<float> random(std::size_t n, float spread = 1) {
    std::normal_distribution<float> normal(0, spread);
    std::vector<float> values(n);
    for (float& v : values) v = normal(generator_);
    return values;
  }

  /// Calls body(kernels, n) for every instruction set and every length.
  static void walk(const std::function<void(const Kernels&, std::size_t)>& body) {
    for (const auto isa : libabi::simd::runnable_isas()) {
      const Kernels* kernels = libabi::simd::kernels_for(isa);
      ASSERT_NE(kernels, nullptr) << name(isa);
      EXPECT_EQ(kernels->isa, isa);
      for (const std::size_t n : lengths) {
        SCOPED_TRACE(std::string(name(isa)) + ", n = " + std::to_string(n) + ", seed " + std::to_string(seed()));
        body(*kernels, n);
        if (HasFatalFailure()) return;
      }
    }
  }

 private:
  std::mt19937 generator_{seed()};
};

/// A row one float off any alignment, with guards on both sides that are looked at when it goes.
template <class T = float>
class Row {
 public:
  explicit Row(std::size_t n, T fill = T{}) : n_(n), storage_(n + 2 * guard, fill) {
    for (std::size_t i = 0; i < guard; ++i) storage_[i] = storage_[guard + n + i] = mark;
  }
  explicit Row(const std::vector<T>& values) : Row(values.size()) { std::copy(values.begin(), values.end(), data()); }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;
  ~Row() {
    for (std::size_t i = 0; i < guard; ++i) {
      EXPECT_EQ(storage_[i], mark) << "written before the row";
      EXPECT_EQ(storage_[guard + n_ + i], mark) << "written behind the row";
    }
  }
  T* data() { return storage_.data() + guard; }
  T operator[](std::size_t i) const { return storage_[guard + i]; }

 private:
  static constexpr std::size_t guard = 17;
  static constexpr T mark = static_cast<T>(12345);
  std::size_t n_;
  std::vector<T> storage_;
};

TEST_F(Simd, SumsAndProductsAreWithinTheRoundingOfTheirTerms) {
  walk([this](const Kernels& k, std::size_t n) {
    const auto a = random(n), b = random(n);
    double product = 0, products = 0, sum = 0, sums = 0;
    for (std::size_t i = 0; i < n; ++i) {
      product += static_cast<double>(a[i]) * b[i];
      products += std::fabs(static_cast<double>(a[i]) * b[i]);
      sum += a[i];
      sums += std::fabs(a[i]);
    }
    // Each term is rounded at most n / (4 ways) + 8 times in the order used; lengths here make that below 32 + 8 + n / 16.
    const double steps = 16 + static_cast<double>(n) / 16;
    EXPECT_NEAR(k.dot(Row(a).data(), Row(b).data(), n), product, steps * ulp * products);
    EXPECT_NEAR(k.sum(Row(a).data(), n), sum, steps * ulp * sums);
  });
}

TEST_F(Simd, MaxFindsTheLargestWhereverItIs) {
  walk([this](const Kernels& k, std::size_t n) {
    auto a = random(n);
    if (n == 0) {
      EXPECT_EQ(k.max(a.data(), 0), -infinity);
      return;
    }
    EXPECT_EQ(k.max(Row(a).data(), n), *std::max_element(a.begin(), a.end()));
    for (std::size_t place = 0; place < n; place += 1 + n / 23) {
      auto spiked = a;
      spiked[place] = 100;
      EXPECT_EQ(k.max(Row(spiked).data(), n), 100);
      spiked[place] = not_a_number;
      const auto others = [&] {
        float largest = -infinity;
        for (std::size_t i = 0; i < n; ++i)
          if (i != place) largest = std::max(largest, a[i]);
        return largest;
      }();
      EXPECT_EQ(k.max(Row(spiked).data(), n), others);
    }
  });
}

TEST_F(Simd, AllFiniteSeesOneBadElementWhereverItIs) {
  walk([this](const Kernels& k, std::size_t n) {
    auto a = random(n, 1e38f);
    for (float& v : a)
      if (!std::isfinite(v)) v = std::numeric_limits<float>::max();
    EXPECT_TRUE(k.all_finite(Row(a).data(), n));
    for (std::size_t place = 0; place < n; place += 1 + n / 23)
      for (const float bad : {infinity, -infinity, not_a_number}) {
        auto spoiled = a;
        spoiled[place] = bad;
        Row row(spoiled);
        EXPECT_FALSE(k.all_finite(row.data(), n));
      }
  });
}

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
      ASSERT_EQ(std::bit_cast<std::uint32_t>(f16[i]), std::bit_cast<std::uint32_t>(libabi::quant::f16_to_f32(in[i]))) << in[i];
      ASSERT_EQ(std::bit_cast<std::uint32_t>(bf16[i]), std::bit_cast<std::uint32_t>(libabi::quant::bf16_to_f32(in[i])));
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
      if (i % 8 == 5) in[i] = libabi::quant::f16_to_f32(static_cast<std::uint16_t>(any)) * (1 + 0x1p-11f);
      if (i % 8 == 7) in[i] = static_cast<float>(any >> 8) * 0x1p-40f;  // subnormal halves
    }
    Row x(in);
    Row<std::uint16_t> f16(n), bf16(n);
    k.f32_to_f16(f16.data(), x.data(), n);
    k.f32_to_bf16(bf16.data(), x.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(f16[i], libabi::quant::f32_to_f16(in[i])) << std::bit_cast<std::uint32_t>(in[i]);
      ASSERT_EQ(bf16[i], libabi::quant::f32_to_bf16(in[i])) << std::bit_cast<std::uint32_t>(in[i]);
    }
  });
}

}  // namespace
