#pragma once
/// How far a device may be from the reference, derived from formats and the lengths of sums.
///
/// A device computes in f32, whose unit of rounding is u = 2^-24. A sum of n products is then within (n + 4) u of the sum
/// of their magnitudes, whatever the order (Higham, 2002, section 3.1; the 4 covers products, bias and conversion). exp and
/// tanh are taken to be within 16 u of their value, as kernels of a few units in the last place are.
///
/// Beside a matrix in blocks of 32, x may be rounded to blocks of signed bytes (quant::Kernels::quantize_input), half a
/// step of 1/127 of the greatest magnitude of the block away; beside one in bf16, x may be rounded to bf16 (2^-9). Such
/// roundings are independent and even within their most, so that a sum is allowed six standard deviations of theirs, or
/// the sum of their mosts where that is less.

#include "parity/case.hpp"

#include <cmath>

namespace libabi::parity {

inline constexpr double u = 0x1p-24;
/// Below it f32 loses bits (subnormal numbers may be flushed).
inline constexpr double smallest = 0x1p-120;

inline Bound exactly() {
  return [](const Element&) { return 0.0; };
}
/// Within `units` u of the expected value.
inline Bound relative(double units) {
  return [units](const Element& e) { return units * u * std::abs(e.expected) + smallest; };
}

double greatest(std::span<const double> values);
double magnitude(std::span<const double> values);
/// The bound of sum over k of w[k] x[k], w in `format`.
double dot_bound(FormatId format, std::span<const double> w, std::span<const double> x);
/// The most by which rounding x for a dot product beside `format` changes the product with w.
double input_rounding(FormatId format, std::span<const double> w, std::span<const double> x);
/// One step of `format` in a block whose greatest magnitude is `most`: the most by which two encoders differ.
double format_step(FormatId format, double most);

}  // namespace libabi::parity
