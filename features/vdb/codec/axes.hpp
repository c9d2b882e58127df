#pragma once
/// The directions in which a sample of rows spreads most.

#include "codec/codec.hpp"

#include <vector>

namespace libabi::vdb {

/// The leading principal axes.
struct Axes {
  std::size_t dimension = 0;
  std::size_t count = 0;
  std::vector<float> mean;  ///< [dimension]
  std::vector<float> rows;  ///< [count, dimension], orthonormal, that of the largest variance first
  double share = 1;         ///< of the variance that lies in them
};

/// At most `count` of them, by subspace iteration with a Rayleigh-Ritz step (Halko, Martinsson and Tropp, SIAM Review 2011);
/// fewer where the sample spreads in fewer directions. The same sample gives the same axes. Throws bad_alloc. Work: about 8 *
/// sample * dimension * count multiply-adds, the sample cut to 8,192 rows.
Axes principal_axes(const Sample& sample, std::size_t count);

}  // namespace libabi::vdb
