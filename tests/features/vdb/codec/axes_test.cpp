// Principal axes, and the rotation that turns them onto the first coordinates.
#include "codec/axes.hpp"
#include "codec/rotation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "../index/tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;

double dot(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

TEST(Axes, AreOrthonormalAndOfFallingVariance) {
  const Cloud cloud = make_cloud(3000, 90, 1);
  const Axes axes = principal_axes({.vectors = cloud.rows.data(), .count = cloud.count(), .dimension = 90}, 20);
  ASSERT_EQ(axes.count, 20u);
  std::vector<double> variances;
  for (std::size_t i = 0; i < axes.count; ++i) {
    for (std::size_t j = 0; j <= i; ++j) EXPECT_NEAR(dot(&axes.rows[i * 90], &axes.rows[j * 90], 90), i == j ? 1 : 0, 1e-5);
    double variance = 0;
    for (std::size_t r = 0; r < cloud.count(); ++r)
      variance += std::pow(dot(&axes.rows[i * 90], cloud.row(r).data(), 90) - dot(&axes.rows[i * 90], axes.mean.data(), 90), 2);
    variances.push_back(variance);
  }
  for (std::size_t i = 1; i < variances.size(); ++i) EXPECT_LE(variances[i], variances[i - 1] * 1.001);
}

// Twelve directions hold all but a little noise, by construction.
TEST(Axes, FindTheSubspaceThatRowsLieIn) {
  const Cloud cloud = make_cloud(3000, 90, 2);
  const Sample sample{.vectors = cloud.rows.data(), .count = cloud.count(), .dimension = 90};
  EXPECT_LT(principal_axes(sample, 6).share, 0.9);
  EXPECT_GT(principal_axes(sample, 12).share, 0.95);
  std::vector<float> line;
  for (int i = 0; i < 100; ++i)
    for (int c = 0; c < 7; ++c) line.push_back(static_cast<float>(i * (c + 1)));
  const Axes axes = principal_axes({.vectors = line.data(), .count = 100, .dimension = 7}, 5);
  EXPECT_EQ(axes.count, 1u);
  EXPECT_NEAR(axes.share, 1, 1e-6);
  const double length = std::sqrt(1.0 + 4 + 9 + 16 + 25 + 36 + 49);
  for (std::size_t c = 0; c < 7; ++c) EXPECT_NEAR(std::abs(axes.rows[c]), static_cast<double>(c + 1) / length, 1e-5);
}

TEST(Axes, OfNothingAreNone) {
  const std::vector<float> same(5 * 4, 3.0F);
  EXPECT_EQ(principal_axes({.vectors = same.data(), .count = 5, .dimension = 4}, 3).count, 0u);
  EXPECT_EQ(principal_axes({.vectors = same.data(), .count = 1, .dimension = 4}, 3).count, 0u);
}

TEST(Rotation, TurnsAxesOntoCoordinatesAndKeepsDistances) {
  const Cloud cloud = make_cloud(500, 70, 3);
  const Axes axes = principal_axes({.vectors = cloud.rows.data(), .count = cloud.count(), .dimension = 70}, 30);
  const Rotation rotation(axes);
  for (std::size_t i = 0; i < axes.count; ++i) {
    std::vector<float> axis(axes.rows.begin() + static_cast<std::ptrdiff_t>(i * 70),
                            axes.rows.begin() + static_cast<std::ptrdiff_t>((i + 1) * 70));
    rotation.apply(axis.data());
    for (std::size_t c = 0; c < 70; ++c) EXPECT_NEAR(std::abs(axis[c]), c == i ? 1 : 0, 1e-5);
  }
  Cloud turned = cloud;
  for (std::size_t i = 0; i < turned.count(); ++i) rotation.apply(&turned.rows[i * 70]);
  for (std::size_t i = 1; i < 50; ++i) {
    const double before = exact_score(Metric::l2, cloud.row(0), cloud.row(i));
    EXPECT_NEAR(exact_score(Metric::l2, turned.row(0), turned.row(i)), before, 1e-5 * before);
  }
}

}  // namespace
}  // namespace libabi::vdb
