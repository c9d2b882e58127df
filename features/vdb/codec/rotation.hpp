#pragma once
/// A rotation that turns given orthonormal axes onto the first coordinates, the rest staying as orthogonal as it was.

#include "codec/axes.hpp"

#include <cstddef>
#include <vector>

namespace libabi::vdb {

/// A product of Householder reflections, one for each axis (Golub and Van Loan, section 5.1).
class Rotation {
 public:
  Rotation() = default;
  /// Throws bad_alloc.
  explicit Rotation(const Axes& axes);

  /// In place, [dimension]. Work: 2 * axes * dimension multiply-adds. Distances stay, but for rounding.
  void apply(float* vector) const noexcept;

 private:
  std::size_t dimension_ = 0;
  std::size_t count_ = 0;
  std::vector<float> normals_;  ///< [count, dimension], of length sqrt(2), or zero; the j-th begins with j zeros
};

}  // namespace libabi::vdb
