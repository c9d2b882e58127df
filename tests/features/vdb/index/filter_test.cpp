// A filtered search gives min(k, matches) rows, whatever the filter.
#include <abi/vdb/index.hpp>

#include <gtest/gtest.h>

#include <random>

#include "seed.hpp"
#include "tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;

constexpr std::size_t count = 6000;
constexpr std::size_t dimension = 48;

std::vector<std::uint64_t> bits_of(const std::vector<bool>& in) {
  std::vector<std::uint64_t> bits((in.size() + 63) / 64);
  for (std::size_t i = 0; i < in.size(); ++i)
    if (in[i]) bits[i / 64] |= std::uint64_t{1} << (i % 64);
  return bits;
}

void expect_answers(const Index& index, const Cloud& cloud, const Cloud& queries, const std::vector<bool>& in,
                    const std::string& what) {
  const std::vector<std::uint64_t> bits = bits_of(in);
  const auto let_in = [&](Row row) { return in[row]; };
  const auto matches = static_cast<std::size_t>(std::ranges::count(in, true));
  double found = 0;
  for (std::size_t q = 0; q < queries.count(); ++q) {
    const auto hits = index.search(queries.row(q), {.k = 10, .beam = 64, .among = bits});
    ASSERT_TRUE(hits) << hits.error().text();
    ASSERT_EQ(hits->size(), std::min<std::size_t>(10, matches)) << what;
    for (const Hit& hit : *hits) ASSERT_TRUE(in[hit.row]) << what;
    found += share_found(exact_nearest(cloud, Metric::l2, queries.row(q), 10, let_in), *hits);
  }
  EXPECT_GE(found / static_cast<double>(queries.count()), 0.95) << what;
}

TEST(Filter, GivesAllItCanAtEverySelectivity) {
  const std::uint64_t seed = libabi::test::seed();
  const Cloud cloud = make_cloud(count, dimension, 21);
  const Cloud queries = make_cloud(20, dimension, 22);
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = dimension, .kind = kind, .codec = codec});
    ASSERT_TRUE(index.add(cloud.rows));
    for (const double share : {0.0, 0.0005, 0.002, 0.01, 0.1, 0.3, 0.6, 0.9, 1.0}) {
      std::mt19937_64 random(seed);
      std::vector<bool> in(count);
      for (std::size_t i = 0; i < count; ++i) in[i] = static_cast<double>(random() % 10'000) < share * 10'000;
      expect_answers(index, cloud, queries, in, kind + " " + codec + " " + std::to_string(share));
    }
  }
}

// The matches are the rows nearest to the query, and those farthest from it.
TEST(Filter, MayGoWithTheQueryOrAgainstIt) {
  const Cloud cloud = make_cloud(count, dimension, 23);
  const Cloud queries = make_cloud(5, dimension, 24);
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = dimension, .kind = kind, .codec = codec});
    ASSERT_TRUE(index.add(cloud.rows));
    for (std::size_t q = 0; q < queries.count(); ++q) {
      const Cloud one{.dimension = dimension, .rows = {queries.row(q).begin(), queries.row(q).end()}};
      const std::vector<Row> order = exact_nearest(cloud, Metric::l2, queries.row(q), count);
      for (const std::size_t matches : {5u, 60u, 600u, 3000u}) {
        std::vector<bool> near(count), far(count);
        for (std::size_t i = 0; i < matches; ++i) {
          near[order[i]] = true;
          far[order[count - 1 - i]] = true;
        }
        expect_answers(index, cloud, one, near, kind + " " + codec + " near " + std::to_string(matches));
        expect_answers(index, cloud, one, far, kind + " " + codec + " far " + std::to_string(matches));
      }
    }
  }
}

TEST(Filter, MayBeShorterOrLongerThanTheIndex) {
  const Cloud cloud = make_cloud(200, 8, 25);
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = 8, .kind = kind, .codec = codec});
    ASSERT_TRUE(index.add(cloud.rows));
    const std::vector<std::uint64_t> one_word{~std::uint64_t{0}};
    const std::vector<std::uint64_t> many(100, ~std::uint64_t{0});
    EXPECT_EQ(index.search(cloud.row(0), {.k = 200, .beam = 200, .among = one_word})->size(), 64u);
    EXPECT_EQ(index.search(cloud.row(0), {.k = 200, .beam = 200, .among = many})->size(), 200u);
    EXPECT_TRUE(index.search(cloud.row(0), {.among = RowBits()})->empty());
  }
}

}  // namespace
}  // namespace libabi::vdb
