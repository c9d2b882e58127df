#pragma once
/// oneDNN's products of square matrices, rows one after another, nothing packed beforehand.

#include <cstddef>
#include <functional>

namespace bench::peer {

/// Seconds of one c = a * b of size n with so many threads, again at each call; the operands are made once.
std::function<double()> onednn_f32(std::size_t n, unsigned threads);
std::function<double()> onednn_bf16(std::size_t n, unsigned threads);
std::function<double()> onednn_i8(std::size_t n, unsigned threads);

}  // namespace bench::peer
