#include "parity/bounds.hpp"

#include <algorithm>
#include <cmath>

namespace libabi::parity {

double greatest(std::span<const double> values) {
  double out = 0;
  for (const double v : values) out = std::max(out, std::abs(v));
  return out;
}

double magnitude(std::span<const double> values) {
  double out = 0;
  for (const double v : values) out += std::abs(v);
  return out;
}

double input_rounding(FormatId format, std::span<const double> w, std::span<const double> x) {
  double sum = 0, squares = 0;
  const auto add = [&](double most) {
    sum += most;
    squares += most * most;
  };
  const std::size_t block = quant::format(format).block_length;
  if (format == FormatId::bf16) {
    for (std::size_t k = 0; k < w.size(); ++k) add(std::abs(w[k] * x[k]) * 0x1p-9);
  } else if (block > 1) {
    for (std::size_t k = 0; k < w.size(); ++k) {
      const std::size_t first = k / block * block;
      add(std::abs(w[k]) * greatest(x.subspan(first, block)) * (0.5 / 127) * 1.001);
    }
  }
  return std::min(sum, 6 / std::sqrt(3.0) * std::sqrt(squares));
}

double dot_bound(FormatId format, std::span<const double> w, std::span<const double> x) {
  double products = 0;
  for (std::size_t k = 0; k < w.size(); ++k) products += std::abs(w[k] * x[k]);
  return input_rounding(format, w, x) + (static_cast<double>(w.size()) + 4) * u * products + smallest;
}

double format_step(FormatId format, double most) {
  switch (format) {
    case FormatId::f32: return 0;
    case FormatId::f16: return most * 0x1p-10;
    case FormatId::bf16: return most * 0x1p-7;
    case FormatId::q8_0: return most / 127;
    case FormatId::q5_0:
    case FormatId::q5_1: return most / 15;
    default: return most / 7;
  }
}

}  // namespace libabi::parity
