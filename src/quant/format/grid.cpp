#include "grid.hpp"

#include <cmath>

namespace libabi::quant::block {

namespace {

/// The nearest code for every element: no other codes do better with this scale and minimum.
Grid nearest(const float* in, int levels, int offset, float scale, float minimum) {
  // Adding +0 makes a scale of -0 positive, so that zeros decode as +0.
  Grid grid{.scale = nearest_scale(scale) + 0.0f, .minimum = nearest_scale(minimum), .offset = offset};
  const float inverse = grid.scale != 0 ? 1.0f / grid.scale : 0.0f;
  const auto highest = static_cast<float>(levels - 1);
  for (std::size_t j = 0; j < length; ++j) {
    const float place = (in[j] - grid.minimum) * inverse + static_cast<float>(offset) + 0.5f;
    const float code = place < 0 ? 0 : place > highest ? highest : std::floor(place);
    grid.codes[j] = static_cast<std::uint8_t>(code);
    const double value = static_cast<double>(grid.scale) * (code - static_cast<float>(offset)) + grid.minimum;
    grid.error += (in[j] - value) * (in[j] - value);
  }
  return grid;
}

const Grid& better(const Grid& a, const Grid& b) { return b.error < a.error ? b : a; }

}  // namespace

Grid fit_symmetric(const float* in, int levels) {
  const int offset = levels / 2;
  float extreme = 0;
  for (std::size_t j = 0; j < length; ++j)
    if (std::fabs(in[j]) > std::fabs(extreme)) extreme = in[j];
  const Grid first = nearest(in, levels, offset, extreme / static_cast<float>(-offset), 0);

  double product = 0, square = 0;
  for (std::size_t j = 0; j < length; ++j) {
    const int code = first.codes[j] - offset;
    product += static_cast<double>(in[j]) * code;
    square += static_cast<double>(code) * code;
  }
  if (square == 0) return first;
  return better(first, nearest(in, levels, offset, static_cast<float>(product / square), 0));
}

Grid fit_affine(const float* in, int levels) {
  float lowest = in[0], highest = in[0];
  for (std::size_t j = 1; j < length; ++j) {
    if (in[j] < lowest) lowest = in[j];
    if (in[j] > highest) highest = in[j];
  }
  const Grid first = nearest(in, levels, 0, (highest - lowest) / static_cast<float>(levels - 1), lowest);

  double sum_x = 0, sum_c = 0, sum_xc = 0, sum_cc = 0;
  for (std::size_t j = 0; j < length; ++j) {
    const double x = in[j], code = first.codes[j];
    sum_x += x;
    sum_c += code;
    sum_xc += x * code;
    sum_cc += code * code;
  }
  const double spread = static_cast<double>(length) * sum_cc - sum_c * sum_c;
  if (spread <= 0) return first;
  const double scale = (static_cast<double>(length) * sum_xc - sum_x * sum_c) / spread;
  const double minimum = (sum_x - scale * sum_c) / static_cast<double>(length);
  return better(first, nearest(in, levels, 0, static_cast<float>(scale), static_cast<float>(minimum)));
}

}  // namespace libabi::quant::block
