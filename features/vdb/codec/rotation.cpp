#include "codec/rotation.hpp"

#include <abi/simd/kernels.hpp>

#include <cmath>
#include <numbers>

namespace libabi::vdb {

namespace {

/// x -= v (v . x) for the elements from `begin` on.
void reflect(float* x, const float* v, std::size_t begin, std::size_t dimension) noexcept {
  const auto& k = simd::kernels();
  const std::size_t n = dimension - begin;
  k.scale_add(x + begin, v + begin, -k.dot_f32(x + begin, v + begin, n), n);
}

}  // namespace

Rotation::Rotation(const Axes& axes)
    : dimension_(axes.dimension), count_(axes.count), normals_(axes.count * axes.dimension, 0.0F) {
  const auto& k = simd::kernels();
  std::vector<float> left = axes.rows;
  for (std::size_t j = 0; j < count_; ++j) {
    const float* const x = &left[j * dimension_];
    float* const v = &normals_[j * dimension_];
    for (std::size_t i = j; i < dimension_; ++i) v[i] = x[i];
    const float length = k.norm_l2(v + j, dimension_ - j);
    v[j] += std::copysign(length, x[j]);
    const float norm = k.norm_l2(v + j, dimension_ - j);
    if (norm > 0) k.scale(v + j, v + j, std::numbers::sqrt2_v<float> / norm, dimension_ - j);
    for (std::size_t other = j; other < count_; ++other) reflect(&left[other * dimension_], v, j, dimension_);
  }
}

void Rotation::apply(float* vector) const noexcept {
  for (std::size_t j = 0; j < count_; ++j) reflect(vector, &normals_[j * dimension_], j, dimension_);
}

}  // namespace libabi::vdb
