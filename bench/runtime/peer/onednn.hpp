#pragma once
/// oneDNN's products of matrices, rows one after another, nothing packed beforehand.

#include <cstddef>
#include <functional>

namespace bench::peer {

struct GemmCase {
  std::size_t m, n, k;
  bool b_transposed;
};

/// Seconds of one c = a * b with so many threads, again at each call; the operands are made once.
std::function<double()> onednn_f32(const GemmCase& size, unsigned threads);
std::function<double()> onednn_bf16(const GemmCase& size, unsigned threads);
std::function<double()> onednn_i8(const GemmCase& size, unsigned threads);

}  // namespace bench::peer
