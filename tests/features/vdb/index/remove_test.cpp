// Rows that are removed are gone, and those that stay are found as well as before.
#include "graph/graph.hpp"
#include "index/hnsw.hpp"

#include <abi/vdb/index.hpp>

#include <gtest/gtest.h>

#include <random>

#include "seed.hpp"
#include "tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;

double recall(const Index& index, const Cloud& cloud, const std::vector<bool>& in, const Cloud& queries) {
  double sum = 0;
  for (std::size_t q = 0; q < queries.count(); ++q) {
    const auto truth = exact_nearest(cloud, Metric::l2, queries.row(q), 10, [&](Row row) { return in[row]; });
    const auto hits = index.search(queries.row(q), {.k = 10, .beam = 64});
    for (const Hit& hit : *hits) EXPECT_TRUE(in[hit.row]) << "row " << hit.row << " was removed";
    sum += share_found(truth, *hits);
  }
  return sum / static_cast<double>(queries.count());
}

TEST(Remove, TakesRowsOutAndGivesTheirNumbersOutAgain) {
  for (const auto& [kind, codec] : setups()) {
    const Cloud cloud = make_cloud(300, 16, 31);
    Index index = make_index({.dimension = 16, .kind = kind, .codec = codec});
    ASSERT_TRUE(index.add(cloud.rows));
    EXPECT_EQ(index.remove(std::vector<Row>{5, 300}).error().code, ErrorCode::not_found);
    EXPECT_EQ(index.figures()->rows, 300u);
    ASSERT_TRUE(index.remove(std::vector<Row>{5, 7, 5, 299}));
    EXPECT_EQ(index.figures()->rows, 297u);
    EXPECT_EQ(index.remove(std::vector<Row>{7}).error().code, ErrorCode::not_found);
    for (const Row row : {5u, 7u, 299u}) EXPECT_NE(index.search(cloud.row(row), {.k = 1})->front().row, row);
    auto again = index.add(std::span(cloud.rows).first(4 * 16));
    ASSERT_TRUE(again);
    std::ranges::sort(*again);
    EXPECT_EQ(*again, (std::vector<Row>{5, 7, 299, 300}));
  }
}

TEST(Remove, OfEverythingLeavesAnIndexLikeNew) {
  const Cloud cloud = make_cloud(500, 16, 32);
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = 16, .kind = kind, .codec = codec});
    for (int round = 0; round < 3; ++round) {
      const auto rows = index.add(cloud.rows);
      ASSERT_TRUE(rows);
      EXPECT_EQ(index.search(cloud.row(3), {.k = 500, .beam = 500})->size(), 500u) << kind << " " << codec;
      ASSERT_TRUE(index.remove(*rows));
      EXPECT_EQ(index.figures()->rows, 0u);
      EXPECT_TRUE(index.search(cloud.row(3))->empty());
    }
  }
}

TEST(Remove, KeepsRecallOverManyRounds) {
  const std::uint64_t seed = libabi::test::seed();
  std::mt19937_64 random(seed);
  const std::size_t dimension = 32;
  const Cloud queries = make_cloud(60, dimension, 34);
  for (const auto& [kind, codec] : setups()) {
    Cloud cloud = make_cloud(2000, dimension, 33);
    std::vector<bool> in(cloud.count(), true);
    Index index = make_index({.dimension = dimension, .kind = kind, .codec = codec, .degree = 16});
    ASSERT_TRUE(index.add(cloud.rows));
    const double before = recall(index, cloud, in, queries);
    for (int round = 0; round < 30; ++round) {
      std::vector<Row> gone;
      for (Row row = 0; row < cloud.count(); ++row)
        if (random() % 10 == 0) gone.push_back(row);
      ASSERT_TRUE(index.remove(gone));
      for (const Row row : gone) in[row] = false;
      if (round % 10 == 5) {
        EXPECT_GE(recall(index, cloud, in, queries), before - 0.02) << kind << " " << codec;
      }
      const Cloud fresh = make_cloud(gone.size(), dimension, random());
      const auto rows = index.add(fresh.rows);
      ASSERT_TRUE(rows);
      for (std::size_t i = 0; i < rows->size(); ++i) {
        std::ranges::copy(fresh.row(i), cloud.rows.begin() + static_cast<std::ptrdiff_t>((*rows)[i] * dimension));
        in[(*rows)[i]] = true;
      }
    }
    EXPECT_GE(recall(index, cloud, in, queries), before - 0.01) << kind << " " << codec;
  }
}

/// Whole clusters go, with them whole neighbourhoods.
TEST(Remove, LeavesNoNodeThatAWalkCannotReach) {
  const std::uint64_t seed = libabi::test::seed();
  std::mt19937_64 random(seed);
  const auto scheduler = task::Scheduler::create({.threads = 2});
  ASSERT_TRUE(scheduler);
  for (const std::string_view codec : codecs()) {
    const IndexOptions options{.dimension = 16, .codec = std::string(codec), .degree = 6, .build_beam = 12};
    const auto member = find_codec(codec);
    Hnsw index(options, **member, {.account = memory::default_account(), .scheduler = **scheduler});
    const Cloud cloud = make_cloud(4000, 16, 35);
    ASSERT_TRUE(index.grow(cloud.count()));
    ASSERT_TRUE(index.learn(cloud.rows));
    std::vector<Row> there(cloud.count());
    for (Row row = 0; row < cloud.count(); ++row) there[row] = row;
    ASSERT_TRUE(index.add(there, cloud.rows));
    EXPECT_EQ(index.graph().reachable(), there.size());
    while (there.size() > 10) {
      const Row centre = there[random() % there.size()];
      std::ranges::sort(there, {}, [&](Row row) { return exact_score(Metric::l2, cloud.row(centre), cloud.row(row)); });
      const std::size_t gone = there.size() / 5 + 1;
      std::vector<std::uint64_t> dead((cloud.count() + 63) / 64, 0);
      for (std::size_t i = 0; i < gone; ++i) dead[there[i] / 64] |= std::uint64_t{1} << (there[i] % 64);
      ASSERT_TRUE(index.detach(dead));
      index.forget(dead);
      there.erase(there.begin(), there.begin() + static_cast<std::ptrdiff_t>(gone));
      ASSERT_EQ(index.graph().nodes(), there.size());
      ASSERT_EQ(index.graph().reachable(), there.size());
    }
  }
}

}  // namespace
}  // namespace libabi::vdb
