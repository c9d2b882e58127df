// Sums, norms, the largest and the smallest of a row.
#include "simd/fixture.hpp"

namespace libabi::simd {
namespace {

TEST_F(Simd, SumsAndNormsAreWithinTheRoundingOfTheirTerms) {
  walk([this](const Kernels& k, std::size_t n) {
    const auto a = random(n);
    double sum = 0, sums = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sum += a[i];
      sums += std::fabs(a[i]);
      squares += static_cast<double>(a[i]) * a[i];
    }
    // Each term is rounded at most n / (4 ways) + 8 times in the order used; lengths here make that below 32 + 8 + n / 16.
    const double steps = 16 + static_cast<double>(n) / 16;
    EXPECT_NEAR(k.sum(Row(a).data(), n), sum, steps * ulp * sums);
    EXPECT_NEAR(k.norm_l1(Row(a).data(), n), sums, steps * ulp * sums);
    EXPECT_NEAR(k.sum_squares(Row(a).data(), n), squares, steps * ulp * squares);
    EXPECT_NEAR(k.norm_l2(Row(a).data(), n), std::sqrt(squares), steps * ulp * std::sqrt(squares));
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

TEST_F(Simd, TheEuclideanNormNeitherOverflowsNorUnderflows) {
  walk([](const Kernels& k, std::size_t n) {
    for (const float size : {1e-45f, 1e-38f, 1e-25f, 1e25f, 4e36f}) {
      const std::vector<float> x(n, size);
      const double exact = std::sqrt(static_cast<double>(n)) * size;
      const double slack = (16 + static_cast<double>(n) / 16) * ulp * exact + 0x1p-149;
      EXPECT_NEAR(k.norm_l2(Row(x).data(), n), std::min(exact, static_cast<double>(infinity)), slack) << size;
    }
    if (n == 0) return;
    for (const float odd : {infinity, -infinity, not_a_number}) {
      std::vector<float> x(n, 1.0f);
      x[n / 2] = odd;
      const float norm = k.norm_l2(Row(x).data(), n);
      EXPECT_TRUE(std::isnan(odd) ? std::isnan(norm) : norm == infinity) << norm;
    }
  });
}

TEST_F(Simd, ExtremesPassOverNaN) {
  walk([this](const Kernels& k, std::size_t n) {
    auto x = random(n);
    for (std::size_t i = 0; i < n; i += 3) x[i] = not_a_number;
    float largest = -infinity, smallest = infinity, size = 0;
    std::size_t place = n;
    for (std::size_t i = n; i-- > 0;) {
      if (std::isnan(x[i])) continue;
      if (x[i] >= largest) largest = x[i], place = i;
      smallest = std::min(smallest, x[i]);
      size = std::max(size, std::fabs(x[i]));
    }
    EXPECT_EQ(k.max(Row(x).data(), n), largest);
    EXPECT_EQ(k.min(Row(x).data(), n), smallest);
    EXPECT_EQ(k.max_abs(Row(x).data(), n), size);
    EXPECT_EQ(k.argmax(Row(x).data(), n), place);
  });
}

TEST_F(Simd, ArgmaxIsTheFirstPlaceOfTheLargest) {
  walk([](const Kernels& k, std::size_t n) {
    std::vector<float> x(n, -1.0f);
    EXPECT_EQ(k.argmax(Row(x).data(), n), 0);
    for (std::size_t place = 0; place < n; place += 1 + n / 23) {
      x.assign(n, -infinity);
      EXPECT_EQ(k.argmax(Row(x).data(), n), 0);
      for (std::size_t i = place; i < n; ++i) x[i] = 2;
      EXPECT_EQ(k.argmax(Row(x).data(), n), place);
    }
    x.assign(n, not_a_number);
    EXPECT_EQ(k.argmax(Row(x).data(), n), n);
  });
}

}  // namespace
}  // namespace libabi::simd
