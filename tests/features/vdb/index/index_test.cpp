// What an index promises, whatever its kind: arguments, small and odd cases, scores.
#include <abi/memory/account.hpp>
#include <abi/vdb/index.hpp>

#include <gtest/gtest.h>

#include <limits>

#include "tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;

TEST(Index, NamesItsKindsAndCodecs) {
  EXPECT_EQ(std::vector(index_kinds().begin(), index_kinds().end()), (std::vector<std::string_view>{"flat", "hnsw"}));
  EXPECT_EQ(std::vector(codecs().begin(), codecs().end()), (std::vector<std::string_view>{"f32", "i8"}));
  for (const Metric metric : metrics) EXPECT_EQ(*metric_named(name(metric)), metric);
  EXPECT_EQ(metric_named("l3").error().code, ErrorCode::not_found);
}

TEST(Index, RefusesOptionsThatCannotBe) {
  const auto code = [](IndexOptions options) { return Index::create(options).error().code; };
  EXPECT_EQ(code({.dimension = 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.dimension = 65537}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.dimension = 8, .kind = "tree"}), ErrorCode::not_found);
  EXPECT_EQ(code({.dimension = 8, .codec = "f8"}), ErrorCode::not_found);
  EXPECT_EQ(code({.dimension = 8, .degree = 3}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.dimension = 8, .degree = 129}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.dimension = 8, .build_beam = 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.dimension = 8, .slack = 0.5F}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.dimension = 8, .slack = std::numeric_limits<float>::quiet_NaN()}), ErrorCode::invalid_argument);
}

TEST(Index, RefusesNumbersThatCannotBe) {
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = 3, .kind = kind, .codec = codec});
    EXPECT_EQ(index.add(std::vector<float>{1, 2}).error().code, ErrorCode::invalid_argument);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 2e18F}) {
      const auto refused = index.add(std::vector<float>{1, 2, 3, 4, bad, 6});
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
      EXPECT_NE(refused.error().message.find("element 1 of vector 1"), std::string::npos) << refused.error().message;
      EXPECT_EQ(index.search(std::vector<float>{1, bad, 3}).error().code, ErrorCode::invalid_argument);
    }
    EXPECT_EQ(index.figures()->rows, 0u);
    EXPECT_EQ(index.search(std::vector<float>{1, 2}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(index.search(std::vector<float>{1, 2, 3}, {.k = 0}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(index.search(std::vector<float>{1, 2, 3}, {.beam = 0}).error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(index.search(std::vector<float>{1, 2, 3})->empty());
    EXPECT_TRUE(index.add({})->empty());
    EXPECT_EQ(index.remove(std::vector<Row>{0}).error().code, ErrorCode::not_found);
  }
}

TEST(Index, FindsEverythingWhereThereIsLittle) {
  for (const auto& [kind, codec] : setups())
    for (const Metric metric : metrics)
      for (const std::size_t dimension : {1u, 2u, 5u, 31u, 33u, 70u, 130u})
        for (const std::size_t count : {1u, 2u, 7u}) {
          SCOPED_TRACE(kind + " " + codec + " " + std::string(name(metric)) + " " + std::to_string(dimension));
          const Cloud cloud = make_cloud(count, dimension, 3);
          const Cloud query = make_cloud(1, dimension, 4);
          Index index = make_index({.dimension = dimension, .metric = metric, .kind = kind, .codec = codec});
          ASSERT_EQ(index.add(cloud.rows)->size(), count);
          const auto hits = index.search(query.rows, {.k = 10});
          ASSERT_TRUE(hits);
          ASSERT_EQ(hits->size(), count);
          for (std::size_t i = 0; i < count; ++i) {
            const double score = exact_score(metric, query.rows, cloud.row((*hits)[i].row));
            EXPECT_NEAR((*hits)[i].score, score, 1e-4 * (1 + std::abs(score)));
            if (i == 0) continue;
            const float before = (*hits)[i - 1].score;
            EXPECT_TRUE(metric == Metric::l2 ? before <= (*hits)[i].score : before >= (*hits)[i].score);
          }
        }
}

TEST(Index, TakesRowsOneByOneAndInAnyPortions) {
  const Cloud cloud = make_cloud(700, 24, 5);
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = 24, .kind = kind, .codec = codec});
    std::size_t at = 0;
    for (std::size_t portion = 1; at < cloud.count(); portion = portion * 3 % 101) {
      const std::size_t some = std::min(portion, cloud.count() - at);
      const auto rows = index.add(std::span(cloud.rows).subspan(at * 24, some * 24));
      ASSERT_TRUE(rows);
      for (std::size_t i = 0; i < some; ++i) ASSERT_EQ((*rows)[i], at + i);
      at += some;
    }
    EXPECT_EQ(index.figures()->rows, cloud.count());
    std::size_t itself = 0;
    for (std::size_t i = 0; i < cloud.count(); ++i) itself += index.search(cloud.row(i), {.k = 1})->front().row == i;
    EXPECT_GE(itself, cloud.count() * 99 / 100) << kind << " " << codec;
  }
}

TEST(Index, FindsRowsThatAreAllInOnePlace) {
  std::vector<float> same;
  for (int i = 0; i < 500; ++i) same.insert(same.end(), {1, 2, 3, 4});
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = 4, .kind = kind, .codec = codec, .degree = 8});
    ASSERT_TRUE(index.add(same));
    const auto hits = index.search(std::vector<float>{1, 2, 3, 4}, {.k = 500, .beam = 500});
    ASSERT_TRUE(hits);
    EXPECT_EQ(hits->size(), 500u) << kind << " " << codec;
    for (std::size_t i = 0; i < hits->size(); ++i) ASSERT_EQ((*hits)[i].row, i);
  }
}

TEST(Index, ChargesItsAccountAndGivesAllOfItBack) {
  const Cloud cloud = make_cloud(2000, 40, 6);
  for (const auto& [kind, codec] : setups()) {
    memory::MemoryAccount account("index");
    {
      Index index = make_index({.dimension = 40, .kind = kind, .codec = codec, .account = &account});
      ASSERT_TRUE(index.add(cloud.rows));
      const auto figures = index.figures();
      EXPECT_GE(figures->memory_bytes, 2000 * 40 * sizeof(float));
      EXPECT_GE(account.live_bytes() + 1000, figures->memory_bytes);
      ASSERT_TRUE(index.search(cloud.row(0)));
    }
    EXPECT_EQ(account.live_bytes(), 0u) << kind << " " << codec;
  }
}

TEST(Index, StaysUsableWhereTheBudgetIsUsedUp) {
  const Cloud cloud = make_cloud(2000, 40, 6);
  for (const auto& [kind, codec] : setups()) {
    memory::MemoryAccount account("index", 300'000);
    Index index = make_index({.dimension = 40, .kind = kind, .codec = codec, .account = &account});
    ASSERT_TRUE(index.add(std::span(cloud.rows).first(200 * 40)));
    const auto before = index.search(cloud.row(7));
    EXPECT_EQ(index.add(std::span(cloud.rows).subspan(200 * 40)).error().code, ErrorCode::exhausted);
    EXPECT_EQ(index.figures()->rows, 200u);
    const auto after = index.search(cloud.row(7));
    ASSERT_TRUE(after);
    EXPECT_EQ(share_found({before->front().row}, *after), 1);
  }
}

}  // namespace
}  // namespace libabi::vdb
