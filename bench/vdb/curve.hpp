#pragma once
/// How many queries a second an index answers at how much recall.

#include "vdb/dataset.hpp"
#include "vdb/searcher.hpp"

#include <array>
#include <span>
#include <vector>

namespace bench::vdb {

inline constexpr std::size_t k = 10;

struct Point {
  std::size_t beam = 0;
  double recall = 0;
  double rate = 0;  ///< queries/s
};
using Curve = std::vector<Point>;

/// One curve for each searcher; all beams of all of them take turns, and the rates are medians over the rounds.
std::vector<Curve> curves(const Dataset& data, std::span<const std::uint32_t> truth, const std::vector<Searcher>& searchers,
                          unsigned threads);

/// The rate at a recall, between the points on either side by the logarithm of the rate; NaN where it is not reached.
double rate_at(const Curve& curve, double recall);
/// The recall with a beam that was measured.
double recall_at(const Curve& curve, std::size_t beam);

}  // namespace bench::vdb
