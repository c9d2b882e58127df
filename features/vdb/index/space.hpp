#pragma once
/// The space that an index walks through, where nearer by the metric is nearer by Euclidean distance:
///   l2             the rows themselves
///   cosine         rows of length 1 (zeros stay zeros)
///   inner_product  one more coordinate makes all rows equally long; it is 0 in a query (Bachrach et al., Speeding up the Xbox
///                  recommender system using a Euclidean transformation for inner-product spaces, RecSys 2014)

#include <abi/vdb/index.hpp>

#include <cstddef>
#include <span>

namespace libabi::vdb {

class Space {
 public:
  Space(Metric metric, std::size_t dimension) noexcept : metric_(metric), dimension_(dimension) {}

  Metric metric() const noexcept { return metric_; }
  std::size_t dimension() const noexcept { return dimension_; }
  std::size_t lifted() const noexcept { return dimension_ + (metric_ == Metric::inner_product ? 1 : 0); }

  /// Vectors, [n, dimension], none of which may be much longer than the longest of the first ones: rows that are longer are taken
  /// for as long, and found less well.
  void learn(std::span<const float> vectors) noexcept;
  /// [lifted] of `out` are written.
  void lift(const float* vector, float* out) const noexcept;
  void lift_query(const float* vector, float* out) const noexcept;

 private:
  Metric metric_;
  std::size_t dimension_;
  float longest_squared_ = 0;
};

}  // namespace libabi::vdb
