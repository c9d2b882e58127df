// What a codec says of distances, beside the vectors themselves.
#include "codec/codec.hpp"

#include <abi/vdb/index.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "../index/tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;

constexpr float everything = std::numeric_limits<float>::infinity();

/// A cloud in a codec's codes.
struct Coded {
  Coded(std::string_view name, const Cloud& rows) : cloud(rows) {
    auto made = (*find_codec(name))->learn({.vectors = rows.rows.data(), .count = rows.count(), .dimension = rows.dimension});
    if (!made) throw std::runtime_error(made.error().text());
    codec = std::move(*made);
    bytes = *memory::Buffer::allocate_zeroed(rows.count() * codec->row_bytes());
    query.bytes = *memory::Buffer::allocate(codec->query_bytes());
    auto workspace = *memory::Buffer::allocate(codec->query_bytes());
    for (std::size_t i = 0; i < rows.count(); ++i)
      codec->encode(rows.row(i).data(), bytes.data() + i * codec->row_bytes(), workspace.data());
    order.resize(rows.count());
    std::iota(order.begin(), order.end(), 0U);
  }
  std::vector<float> distances(float bound = everything) {
    std::vector<float> out(cloud.count());
    for (std::size_t at = 0; at < order.size(); at += most_rows_at_once)
      codec->distances(query,
                       {.data = bytes.data(), .index = &order[at], .count = std::min(order.size() - at, most_rows_at_once)},
                       bound, &out[at]);
    return out;
  }

  const Cloud& cloud;
  std::unique_ptr<Codec> codec;
  memory::Buffer bytes;
  PreparedQuery query;
  std::vector<std::uint32_t> order;
};

TEST(Codec, DistancesAreThoseOfTheVectors) {
  for (const std::string_view name : codecs())
    for (const std::size_t dimension : {1u, 3u, 16u, 28u, 29u, 60u, 61u, 64u, 100u, 129u, 300u, 700u}) {
      const Cloud cloud = make_cloud(600, dimension, 1);
      const Cloud queries = make_cloud(5, dimension, 2);
      Coded coded(name, cloud);
      for (std::size_t q = 0; q < queries.count(); ++q) {
        coded.codec->prepare(queries.row(q).data(), coded.query);
        const std::vector<float> found = coded.distances();
        std::vector<double> off;
        double scale = 0;
        for (std::size_t i = 0; i < cloud.count(); ++i) {
          const double truth = exact_score(Metric::l2, queries.row(q), cloud.row(i));
          off.push_back(std::abs(static_cast<double>(found[i]) - truth));
          scale = std::max(scale, truth);
        }
        std::ranges::sort(off);
        // Short codes cut off the few coordinates that lie far out.
        if (coded.codec->exact()) {
          EXPECT_LE(off.back(), 1e-5 * scale) << name << " " << dimension;
        } else {
          EXPECT_LE(off[off.size() * 98 / 100], 0.03 * scale) << name << " " << dimension;
        }
      }
    }
}

TEST(Codec, GivesUpOnlyWhatIsNotBelowTheBound) {
  for (const std::string_view name : codecs())
    for (const std::size_t dimension : {20u, 40u, 150u, 700u}) {
      const Cloud cloud = make_cloud(1000, dimension, 3);
      const Cloud queries = make_cloud(3, dimension, 4);
      Coded coded(name, cloud);
      for (std::size_t q = 0; q < queries.count(); ++q) {
        coded.codec->prepare(queries.row(q).data(), coded.query);
        const std::vector<float> whole = coded.distances();
        std::vector<float> sorted = whole;
        std::ranges::sort(sorted);
        for (const std::size_t rank : {1u, 100u, 500u}) {
          const std::vector<float> found = coded.distances(sorted[rank]);
          for (std::size_t i = 0; i < whole.size(); ++i) {
            if (whole[i] < sorted[rank]) {
              EXPECT_EQ(found[i], whole[i]);
            } else {
              EXPECT_GE(found[i], sorted[rank]);
            }
          }
        }
      }
    }
}

TEST(Codec, ACodeIsAQueryTooAndNearestToItself) {
  for (const std::string_view name : codecs()) {
    const Cloud cloud = make_cloud(500, 90, 5);
    Coded coded(name, cloud);
    for (const std::size_t i : {0u, 17u, 499u}) {
      coded.codec->prepare_row(coded.bytes.data() + i * coded.codec->row_bytes(), coded.query);
      const std::vector<float> found = coded.distances();
      EXPECT_NEAR(found[i], 0, 1e-3) << name;
      EXPECT_EQ(std::ranges::min_element(found) - found.begin(), static_cast<std::ptrdiff_t>(i)) << name;
    }
  }
}

// By inner product rows are equally long in the space of the walk: numbers in the order of the products.
TEST(Codec, OrdersByProductWhereRowsAreEquallyLong) {
  for (const std::string_view name : codecs()) {
    Cloud cloud = make_cloud(800, 70, 6);
    for (std::size_t i = 0; i < cloud.count(); ++i) {
      double squares = 0;
      for (std::size_t c = 0; c < 69; ++c) squares += std::pow(static_cast<double>(cloud.rows[i * 70 + c]), 2);
      cloud.rows[i * 70 + 69] = static_cast<float>(std::sqrt(std::max(0.0, 3000 - squares)));
    }
    Cloud query = make_cloud(1, 70, 7);
    query.rows[69] = 0;
    Coded coded(name, cloud);
    coded.codec->prepare_product(query.rows.data(), coded.query);
    const std::vector<float> found = coded.distances();
    const std::vector<Row> truth = exact_nearest(cloud, Metric::inner_product, query.rows, 10);
    std::vector<Row> order(cloud.count());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](Row row) { return found[row]; });
    for (const Row row : truth) EXPECT_LT(std::ranges::find(order, row) - order.begin(), 40) << name;
  }
}

TEST(Codec, LearnsFromVectorsThatAreAllTheSame) {
  for (const std::string_view name : codecs()) {
    Cloud cloud{.dimension = 80, .rows = std::vector<float>(10 * 80, 2.5F)};
    Coded coded(name, cloud);
    coded.codec->prepare(cloud.rows.data(), coded.query);
    for (const float distance : coded.distances()) EXPECT_NEAR(distance, 0, 1e-3) << name;
  }
}

}  // namespace
}  // namespace libabi::vdb
