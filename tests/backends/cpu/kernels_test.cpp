// The backend's own kernels on every instruction set that this machine runs, against their formulas.
#include "rig.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace libabi::backends::cpu::test {
namespace {

constexpr std::size_t dims[] = {16, 32, 48, 64, 128, 256};

class CpuKernels : public testing::Test {
 protected:
  std::mt19937 random_{seed()};
  template <class Body>
  static void walk(Body body) {
    for (const simd::Isa isa : simd::runnable_isas()) {
      SCOPED_TRACE(std::string(name(isa)));
      ASSERT_EQ(cpu::kernels_for(isa)->isa, isa);
      body(*cpu::kernels_for(isa));
    }
  }
};

TEST_F(CpuKernels, TransposedKeysStandSideBySide) {
  walk([&](const Kernels& k) {
    for (const std::size_t dim : dims) {
      const auto in = random_floats(random_, key_tile * dim);
      std::vector<float> out(key_tile * dim);
      k.transpose_keys(in.data(), dim, out.data());
      for (std::size_t j = 0; j < key_tile; ++j)
        for (std::size_t d = 0; d < dim; ++d)
          ASSERT_EQ(out[d * key_tile + j], in[j * dim + d]) << j << ", " << d << " of " << dim;
    }
  });
}

TEST_F(CpuKernels, ScoresAreDotProductsWhateverTheBlock) {
  walk([&](const Kernels& k) {
    for (const std::size_t dim : dims)
      for (const std::size_t rows : {0, 1, 2, 3, 4, 5, 9}) {
        const auto q = random_floats(random_, rows * dim), keys = random_floats(random_, dim * key_tile);
        std::vector<float> scores(rows * key_tile + 1, -7), alone(key_tile);
        k.score_keys(q.data(), rows, dim, keys.data(), 0.3f, scores.data());
        EXPECT_EQ(scores[rows * key_tile], -7);
        for (std::size_t i = 0; i < rows; ++i) {
          k.score_keys(&q[i * dim], 1, dim, keys.data(), 0.3f, alone.data());
          for (std::size_t j = 0; j < key_tile; ++j) {
            double sum = 0, size = 0;
            for (std::size_t d = 0; d < dim; ++d) {
              sum += static_cast<double>(q[i * dim + d]) * keys[d * key_tile + j];
              size += std::abs(static_cast<double>(q[i * dim + d]) * keys[d * key_tile + j]);
            }
            ASSERT_NEAR(scores[i * key_tile + j], 0.3f * sum, (static_cast<double>(dim) + 4) * 0x1p-24 * size);
            ASSERT_EQ(scores[i * key_tile + j], alone[j]) << "row " << i << " of " << rows;
          }
        }
      }
  });
}

TEST_F(CpuKernels, MixedValuesAreSumsOverWhatEachRowSees) {
  walk([&](const Kernels& k) {
    for (const std::size_t dim : dims)
      for (const std::size_t rows : {1, 4, 7}) {
        const auto scores = random_floats(random_, rows * key_tile), before = random_floats(random_, rows * dim),
                   rescale = random_floats(random_, rows);
        auto values = random_floats(random_, key_tile * dim);
        std::vector<std::uint32_t> counts(rows);
        for (std::uint32_t& count : counts) count = static_cast<std::uint32_t>(random_() % (key_tile - 1));
        // What no row sees may be anything.
        for (std::size_t d = 0; d < dim; ++d) values[(key_tile - 1) * dim + d] = std::numeric_limits<float>::quiet_NaN();
        std::vector<float> out = before;
        k.mix_values(scores.data(), counts.data(), rescale.data(), rows, values.data(), dim, out.data());
        for (std::size_t i = 0; i < rows; ++i) {
          std::vector<float> alone(before.begin() + static_cast<std::ptrdiff_t>(i * dim),
                                   before.begin() + static_cast<std::ptrdiff_t>((i + 1) * dim));
          k.mix_values(&scores[i * key_tile], &counts[i], &rescale[i], 1, values.data(), dim, alone.data());
          for (std::size_t d = 0; d < dim; ++d) {
            double sum = static_cast<double>(before[i * dim + d]) * rescale[i], size = std::abs(sum);
            for (std::size_t j = 0; j < counts[i]; ++j) {
              sum += static_cast<double>(scores[i * key_tile + j]) * values[j * dim + d];
              size += std::abs(static_cast<double>(scores[i * key_tile + j]) * values[j * dim + d]);
            }
            ASSERT_NEAR(out[i * dim + d], sum, (counts[i] + 4) * 0x1p-24 * size);
            ASSERT_EQ(out[i * dim + d], alone[d]);
          }
        }
      }
  });
}

TEST_F(CpuKernels, TilesOfScoresSoftenToTheSoftmaxOfAllOfThem) {
  walk([&](const Kernels& k) {
    for (const std::size_t n : {1, 3, 16, 63, 64, 65, 128, 200}) {
      const auto scores = random_floats(random_, n, 5);
      float maximum = -std::numeric_limits<float>::infinity(), total = 0;
      std::vector<double> weights;
      for (std::size_t first = 0; first < n; first += key_tile) {
        std::vector<float> tile(key_tile, std::numeric_limits<float>::quiet_NaN());
        const auto count = static_cast<std::uint32_t>(std::min(key_tile, n - first));
        std::copy_n(scores.begin() + static_cast<std::ptrdiff_t>(first), count, tile.begin());
        float rescale = -1;
        k.soften_scores(tile.data(), &count, 1, &maximum, &total, &rescale);
        for (double& w : weights) w *= rescale;
        weights.insert(weights.end(), tile.begin(), tile.begin() + count);
        const std::uint32_t none = 0;
        k.soften_scores(tile.data(), &none, 1, &maximum, &total, &rescale);
        EXPECT_EQ(rescale, 1);
      }
      double sum = 0;
      for (const float s : scores) sum += std::exp(static_cast<double>(s) - maximum);
      EXPECT_EQ(maximum, *std::max_element(scores.begin(), scores.end()));
      EXPECT_NEAR(total, sum, 1e-5 * sum);
      for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(weights[i], std::exp(static_cast<double>(scores[i]) - maximum), 1e-5);
    }
  });
}

TEST_F(CpuKernels, ARowWithNaNStaysVisible) {
  walk([&](const Kernels& k) {
    std::vector<float> tile(key_tile, 1.0f);
    tile[7] = std::numeric_limits<float>::quiet_NaN();
    const std::uint32_t count = 20;
    float maximum = -std::numeric_limits<float>::infinity(), total = 0, rescale = 0;
    k.soften_scores(tile.data(), &count, 1, &maximum, &total, &rescale);
    EXPECT_TRUE(std::isnan(total));
  });
}

TEST_F(CpuKernels, BlocksOfQ80AreThoseOfItsFormat) {
  const quant::Format& format = quant::format(FormatId::q8_0);
  walk([&](const Kernels& k) {
    for (const std::size_t n : {0, 32, 64, 96, 512}) {
      std::vector<float> in = random_floats(random_, n, 3);
      if (n >= 96) {
        for (std::size_t i = 0; i < 32; ++i) in[i] = 0;
        in[40] = std::numeric_limits<float>::max();
        for (std::size_t i = 64; i < 96; ++i) in[i] *= 1e-8f;
        in[65] = -0.0f;
      }
      for (std::size_t i = 0; i + 3 < n; i += 5) in[i] = 0.5f * static_cast<float>(static_cast<int>(i % 9) - 4);  // ties
      Bytes expected = encoded(FormatId::q8_0, in), found(expected.size());
      k.encode_q8_0(in.data(), found.data(), n);
      ASSERT_EQ(found, expected) << n;
      std::vector<float> back(n), expected_back(n);
      k.decode_q8_0(expected.data(), back.data(), n);
      format.decode(expected.data(), expected_back.data(), n);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(std::bit_cast<std::uint32_t>(back[i]), std::bit_cast<std::uint32_t>(expected_back[i]));
    }
  });
}

}  // namespace
}  // namespace libabi::backends::cpu::test
