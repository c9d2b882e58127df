// Eigen's vectorised reductions and exponential, on views of the rows.
#include "distances.hpp"

#include <Eigen/Core>

namespace bench {

namespace {
using Row = Eigen::Map<const Eigen::VectorXf>;
Row row(const float* x, std::size_t n) { return Row(x, static_cast<Eigen::Index>(n)); }
}  // namespace

float eigen_dot(const float* a, const float* b, std::size_t n) { return row(a, n).dot(row(b, n)); }
float eigen_l2(const float* a, const float* b, std::size_t n) { return (row(a, n) - row(b, n)).squaredNorm(); }

void eigen_softmax(float* x, std::size_t n) {
  Eigen::Map<Eigen::ArrayXf> v(x, static_cast<Eigen::Index>(n));
  v = (v - v.maxCoeff()).exp();
  v *= 1.0f / v.sum();
}

}  // namespace bench
