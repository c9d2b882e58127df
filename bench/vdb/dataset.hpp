#pragma once
/// The vectors that searches are measured on, made of numbers from a counter, so that everybody has the same ones: clusters in a
/// space of few dimensions with a decaying spectrum, put into the full space by a random basis, with noise on top. `sift` and
/// `deep` are compared by squared L2; `embed` has unit vectors, whose nearest by L2 are those of the largest inner product, and
/// queries of a shifted distribution.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace bench::vdb {

struct Dataset {
  std::size_t dimension = 0;
  std::size_t count = 0;
  std::size_t queries = 0;
  std::vector<float> base;               ///< [count, dimension]
  std::vector<float> query;              ///< [queries, dimension]
  std::vector<std::uint32_t> attribute;  ///< [count], uniform in 0 .. 999: `attribute < 10 * s` selects s %
};

/// sift (200,000 x 128), embed (100,000 x 768) or deep (1,000,000 x 96), with 1,000 queries each; nothing for another name.
/// Throws where the values have not the checksum that they had when they were compared with the specification's.
std::optional<Dataset> make_dataset(std::string_view name);

/// The ids of the `k` nearest of each query by squared L2, nearest first, equal ones by id, among the rows whose attribute is
/// below `below`: [queries, k]. Found by f32 sums and ordered by sums in f64.
std::vector<std::uint32_t> exact_neighbours(const Dataset& data, std::size_t k, std::uint32_t below = 1000);

/// What is in `found` of the first `k` of a query's truth, as a share.
double recall(const std::uint32_t* truth, const std::uint32_t* found, std::size_t k);

}  // namespace bench::vdb
