// How much of the truth each kind of index finds, with each codec and metric.
#include <abi/task/scheduler.hpp>
#include <abi/vdb/index.hpp>

#include <gtest/gtest.h>

#include "sanitizers.hpp"
#include "tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;

double recall(const Index& index, const Cloud& cloud, const Cloud& queries, Metric metric, std::size_t beam) {
  double sum = 0;
  for (std::size_t q = 0; q < queries.count(); ++q)
    sum += share_found(exact_nearest(cloud, metric, queries.row(q), 10), *index.search(queries.row(q), {.k = 10, .beam = beam}));
  return sum / static_cast<double>(queries.count());
}

// A thread sanitizer takes thirty times as long, and sees in fewer rows what there is to see.
const std::size_t many = libabi::test::thread_sanitizer ? 1000 : 5000;

TEST(Recall, IsHighForEveryKindCodecAndMetric) {
  for (const std::size_t dimension : {20u, 100u, 200u}) {
    const Cloud cloud = make_cloud(many, dimension, 11);
    const Cloud queries = make_cloud(50, dimension, 12);
    for (const auto& [kind, codec] : setups())
      for (const Metric metric : metrics) {
        Index index = make_index({.dimension = dimension, .metric = metric, .kind = kind, .codec = codec});
        ASSERT_TRUE(index.add(cloud.rows));
        const double found = recall(index, cloud, queries, metric, 64);
        EXPECT_GE(found, kind == "flat" ? 0.999 : 0.96) << kind << " " << codec << " " << name(metric) << " " << dimension;
      }
  }
}

TEST(Recall, GrowsWithTheBeam) {
  const Cloud cloud = make_cloud(5000, 64, 13);
  const Cloud queries = make_cloud(100, 64, 14);
  Index index = make_index({.dimension = 64, .degree = 8, .build_beam = 16});
  ASSERT_TRUE(index.add(cloud.rows));
  const double narrow = recall(index, cloud, queries, Metric::l2, 10);
  const double wide = recall(index, cloud, queries, Metric::l2, 400);
  EXPECT_LT(narrow, wide);
  EXPECT_GE(wide, 0.99);
}

TEST(Recall, SurvivesRowsOfVeryDifferentLengthsByInnerProduct) {
  Cloud cloud = make_cloud(3000, 32, 15);
  for (std::size_t i = 0; i < cloud.count(); ++i)
    for (std::size_t c = 0; c < 32; ++c) cloud.rows[i * 32 + c] *= 0.1F + static_cast<float>(i % 17);
  const Cloud queries = make_cloud(50, 32, 16);
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = 32, .metric = Metric::inner_product, .kind = kind, .codec = codec});
    ASSERT_TRUE(index.add(cloud.rows));
    EXPECT_GE(recall(index, cloud, queries, Metric::inner_product, 100), 0.95) << kind << " " << codec;
  }
}

TEST(Recall, DoesNotDependOnThreads) {
  const Cloud cloud = make_cloud(3000, 48, 17);
  const Cloud queries = make_cloud(30, 48, 18);
  for (const auto& [kind, codec] : setups()) {
    std::vector<std::vector<Hit>> answers[2];
    for (const unsigned threads : {1u, 3u}) {
      auto scheduler = task::Scheduler::create({.threads = threads});
      ASSERT_TRUE(scheduler);
      Index index = make_index({.dimension = 48, .kind = kind, .codec = codec, .scheduler = scheduler->get()});
      ASSERT_TRUE(index.add(std::span(cloud.rows).first(2000 * 48)));
      ASSERT_TRUE(index.remove(std::vector<Row>{3, 5, 7, 11, 1999}));
      ASSERT_TRUE(index.add(std::span(cloud.rows).subspan(2000 * 48)));
      for (std::size_t q = 0; q < queries.count(); ++q)
        answers[threads / 2].push_back(*index.search(queries.row(q), {.k = 10, .beam = 20}));
    }
    for (std::size_t q = 0; q < queries.count(); ++q) {
      ASSERT_EQ(answers[0][q].size(), answers[1][q].size());
      for (std::size_t i = 0; i < answers[0][q].size(); ++i) EXPECT_EQ(answers[0][q][i].row, answers[1][q][i].row);
    }
  }
}

}  // namespace
}  // namespace libabi::vdb
