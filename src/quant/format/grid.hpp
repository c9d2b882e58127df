#pragma once
/// Rounding 32 numbers to a grid of few levels: what the encoders of the block formats have in common.

#include "block.hpp"

namespace libabi::quant::block {

/// value = scale * (code - offset) + minimum, with scale and minimum exactly as f16 stores them.
struct Grid {
  float scale = 0;
  float minimum = 0;
  int offset = 0;
  std::uint8_t codes[length] = {};
  double error = 0;  ///< sum of squares over the block
};

/// Codes in [0, levels) around offset = levels / 2, no minimum. Two grids are tried: the extreme value placed on code 0,
/// then the scale of least squares for the codes that this gave. The better one is returned.
Grid fit_symmetric(const float* in, int levels);
/// Codes in [0, levels) above a minimum. Tried are the range of the input and the line of least squares after it.
Grid fit_affine(const float* in, int levels);

}  // namespace libabi::quant::block
