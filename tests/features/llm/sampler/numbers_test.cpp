// What sampling rests on: the random stream, exp and log of our own, and the cut by probability.

#include "sampler/nucleus.hpp"
#include "sampler/random.hpp"
#include "sampler/real.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

namespace libabi::llm {
namespace {

std::uint64_t seed_of_run() {
  const char* given = std::getenv("ABI_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 20260102ull;
}

TEST(RandomStream, IsSplitmix64FromTheMixedSeed) {
  // Computed apart from this program, from the published constants.
  RandomStream zero(0);
  EXPECT_EQ(zero.next(), 0xe220a8397b1dcdafu);  // the well-known first numbers of splitmix64 from state 0
  EXPECT_EQ(zero.next(), 0x6e789e6aa1b965f4u);
  EXPECT_EQ(zero.next(), 0x06c45d188009454fu);
  RandomStream one(1);
  EXPECT_NE(one.next(), 0xe220a8397b1dcdafu);
  zero.reset();
  EXPECT_EQ(zero.next(), 0xe220a8397b1dcdafu);
}

TEST(RandomStream, UniformNumbersAreBelowOneAndEven) {
  RandomStream random(7);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);
}

TEST(Real, ExpIsWithinTwoUnitsInTheLastPlace) {
  for (float x = 0; x > -87; x -= 0.00037f) {
    const double exact = std::exp(static_cast<double>(x));
    ASSERT_NEAR(exp_of_negative(x) / exact, 1, 2.4e-7) << x;
  }
  EXPECT_EQ(exp_of_negative(0), 1);
  EXPECT_EQ(exp_of_negative(-88), 0);
  EXPECT_EQ(exp_of_negative(-std::numeric_limits<float>::infinity()), 0);
}

TEST(Real, LogIsExactToTheDouble) {
  for (double x = 1e-30; x < 1e30; x *= 1.0137)
    ASSERT_NEAR(log_of_positive(x), std::log(x), 4e-16 * (1 + std::abs(std::log(x)))) << x;
  EXPECT_EQ(log_of_positive(1), 0);
}

/// What last_kept() promises, by sorting everything.
Ranked last_kept_sorted(std::vector<Ranked> items, double mass, std::size_t min_keep) {
  std::ranges::sort(items, std::less<>());
  double sum = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    sum += items[i].p;
    if (sum >= mass && i + 1 >= min_keep) return items[i];
  }
  return items.back();
}

TEST(Nucleus, CutsWhereSortingEverythingWould) {
  const std::uint64_t seed = seed_of_run();
  SCOPED_TRACE("ABI_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const std::size_t n = 1 + random() % (round % 10 == 0 ? 3000 : 80);
    const int distinct = 1 + static_cast<int>(random() % 40);  // ties on purpose
    std::vector<Ranked> items;
    for (std::size_t i = 0; i < n; ++i)
      // Sums of 1/4096 are exact in any order, so both ways agree to the last bit.
      items.push_back({static_cast<float>(random() % static_cast<unsigned>(distinct)), static_cast<float>(random() % 8) / 4096,
                       static_cast<TokenId>(i)});
    if (round % 3 == 0) std::ranges::sort(items, std::less<>());
    if (round % 3 == 1) std::ranges::shuffle(items, random);
    const double mass = static_cast<double>(random() % (n * 4 + 2)) / 4096;
    const std::size_t min_keep = random() % 5;
    const Ranked expected = last_kept_sorted(items, mass, min_keep);
    const Ranked found = last_kept(items, mass, min_keep);
    ASSERT_EQ(found.id, expected.id) << "n " << n << " mass " << mass << " min_keep " << min_keep;
  }
}

}  // namespace
}  // namespace libabi::llm
