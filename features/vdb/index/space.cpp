#include "index/space.hpp"

#include <abi/simd/kernels.hpp>

#include <algorithm>
#include <cmath>

namespace libabi::vdb {

void Space::learn(std::span<const float> vectors) noexcept {
  if (metric_ != Metric::inner_product) return;
  for (std::size_t at = 0; at < vectors.size(); at += dimension_)
    longest_squared_ = std::max(longest_squared_, simd::kernels().sum_squares(&vectors[at], dimension_));
}

void Space::lift(const float* vector, float* out) const noexcept {
  const auto& k = simd::kernels();
  if (metric_ == Metric::cosine) {
    const float length = k.norm_l2(vector, dimension_);
    k.scale(out, vector, length > 0 ? 1 / length : 0, dimension_);
    return;
  }
  std::copy_n(vector, dimension_, out);
  if (metric_ == Metric::inner_product)
    out[dimension_] = std::sqrt(std::max(0.0F, longest_squared_ - k.sum_squares(vector, dimension_)));
}

void Space::lift_query(const float* vector, float* out) const noexcept {
  if (metric_ == Metric::cosine) return lift(vector, out);
  std::copy_n(vector, dimension_, out);
  if (metric_ == Metric::inner_product) out[dimension_] = 0;
}

}  // namespace libabi::vdb
