#pragma once
/// Vectors to search, and the answers that a plain loop in f64 gives.

#include <abi/vdb/index.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace libabi::vdb::test {

struct Cloud {
  std::size_t dimension = 0;
  std::vector<float> rows;

  std::size_t count() const noexcept { return rows.size() / dimension; }
  std::span<const float> row(std::size_t i) const noexcept { return std::span(rows).subspan(i * dimension, dimension); }
};

/// Points around centres, as embeddings are: `latent` directions matter, the others hold a little noise.
inline Cloud make_cloud(std::size_t count, std::size_t dimension, std::uint64_t seed, std::uint64_t world = 1) {
  constexpr std::size_t centres = 20;
  const std::size_t latent = std::min<std::size_t>(dimension, 12);
  std::mt19937_64 shared(world);
  std::normal_distribution<float> normal;
  std::vector<float> basis(latent * dimension);
  for (float& value : basis) value = normal(shared);
  std::vector<float> middle(centres * latent);
  for (float& value : middle) value = normal(shared);
  std::mt19937_64 random(seed);
  Cloud cloud{.dimension = dimension, .rows = std::vector<float>(count * dimension)};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t centre = random() % centres;
    for (std::size_t c = 0; c < dimension; ++c) cloud.rows[i * dimension + c] = 0.1F * normal(random);
    for (std::size_t j = 0; j < latent; ++j) {
      const float z = middle[centre * latent + j] + normal(random);
      for (std::size_t c = 0; c < dimension; ++c) cloud.rows[i * dimension + c] += z * basis[j * dimension + c] / 3;
    }
  }
  return cloud;
}

inline double exact_score(Metric metric, std::span<const float> a, std::span<const float> b) {
  double dot = 0, aa = 0, bb = 0, difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]);
    const double y = static_cast<double>(b[i]);
    dot += x * y;
    aa += x * x;
    bb += y * y;
    difference += (x - y) * (x - y);
  }
  if (metric == Metric::l2) return difference;
  if (metric == Metric::inner_product) return dot;
  return aa == 0 || bb == 0 ? 0 : dot / std::sqrt(aa * bb);
}

/// The nearest `k` of the rows that `let_in(row)` lets through.
template <class LetIn>
std::vector<Row> exact_nearest(const Cloud& cloud, Metric metric, std::span<const float> query, std::size_t k,
                               const LetIn& let_in) {
  std::vector<std::pair<double, Row>> all;
  for (std::size_t i = 0; i < cloud.count(); ++i) {
    if (!let_in(static_cast<Row>(i))) continue;
    const double score = exact_score(metric, query, cloud.row(i));
    all.emplace_back(metric == Metric::l2 ? score : -score, static_cast<Row>(i));
  }
  std::ranges::sort(all);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < std::min(k, all.size()); ++i) rows.push_back(all[i].second);
  return rows;
}
inline std::vector<Row> exact_nearest(const Cloud& cloud, Metric metric, std::span<const float> query, std::size_t k) {
  return exact_nearest(cloud, metric, query, k, [](Row) { return true; });
}

/// How many of `truth` are among the hits, as a share.
inline double share_found(const std::vector<Row>& truth, const std::vector<Hit>& hits) {
  std::size_t found = 0;
  for (const Row row : truth) found += std::ranges::find(hits, row, &Hit::row) != hits.end();
  return truth.empty() ? 1 : static_cast<double>(found) / static_cast<double>(truth.size());
}

inline Index make_index(const IndexOptions& options) {
  auto index = Index::create(options);
  if (!index) ADD_FAILURE() << index.error().text();
  return std::move(*index);
}

/// Every kind with every codec that means something to it.
struct Setup {
  std::string kind, codec;
};
inline std::vector<Setup> setups() {
  std::vector<Setup> all;
  for (const std::string_view kind : index_kinds())
    for (const std::string_view codec : codecs())
      if (kind != "flat" || codec == codecs().front()) all.push_back({std::string(kind), std::string(codec)});
  return all;
}
constexpr Metric metrics[] = {Metric::l2, Metric::inner_product, Metric::cosine};

}  // namespace libabi::vdb::test
