#pragma once
/// Distances and similarities of rows: one to one, and one query to many rows.
///
///     const auto& k = simd::kernels();
///     float nearest = k.l2_f32(a, b, 768);
///     k.dot_bf16_rows(scores, query, {.data = vectors, .stride = 768, .count = 1000}, 768);               // rows 0 .. 999
///     k.l2_f32_rows(out, query, {.data = vectors, .stride = 768, .count = 32, .index = neighbours}, 768);  // those 32
///
/// measure   value                                 nearer is   0 elements
/// l2        sum of (a[i] - b[i])^2 (no root)      smaller     0
/// dot       sum of a[i] * b[i]                    larger      0
/// cosine    dot / (|a| |b|), within [-1, 1]       larger      0, as for any row of zeros
/// hamming   bits that differ                      smaller     0
/// jaccard   |a and b| / |a or b|                  larger      1, as for two rows without a bit
///
/// Rows are of any length n, 0 included, with no alignment, and may overlap; nothing outside them is read. Rows whose beginnings
/// are multiples of 64 bytes are read up to twice as fast from the first-level cache. `bits` are bytes, n of them: bits that a
/// row does not use are zero in all.
///
/// Types and rounding
///   f32, f16   products and sums in f32. With fused multiply-add a product is rounded with its sum, on `baseline` before it.
///              Error: at most (n / (4 lanes) + 12) * 2^-24 of the sum of the terms' absolute values, lanes = 4, 8 or 16; a term
///              of l2 has the rounding of its difference besides.
///   bf16       the same; on `avx512vnni` dot and cosine take the instruction for pairs of bf16 (VDPBF16PS): subnormal elements
///              count as zero, a result below 2^-126 is zero. Products of bf16 are exact, the sums are rounded as above.
///   i8         exact, all of -128 .. 127. l2 and dot return the integer, of any length; the kernels over rows write it as a
///              float, rounded once. cosine rounds its three sums to f32 and then four times.
///   bits       exact counts; jaccard is one rounded quotient.
/// cosine: the error of the sums, and less than 3 * 2^-24 besides. Squares below 2^-126 lose precision.
///
/// NaN and infinity behave as the formula does in f32: a NaN in either row makes l2, dot and cosine NaN; an infinity makes l2
/// infinite, or NaN where the other row has the same one; cosine of a row whose square overflows (elements beyond 1.8e19) is 0 or
/// NaN. Nothing is trapped or clamped on the way.
///
/// One to many gives the bits of one to one: out[r] == l2_f32(query, row r, n), for each measure and type (of the integers, their
/// nearest float). Another instruction set adds up in another order and gives other bits.
///
/// Cost: dot and l2 of f32 are bound by their loads from some 400 elements on, other types and cosine by their arithmetic;
/// shorter rows by the sum across the lanes. The kernels over rows hold the query in registers while several rows pass by, and
/// ask for gathered rows ahead of time. No state; safe from any thread.

#include <cstddef>
#include <cstdint>

namespace libabi::simd {

/// `count` rows: those that `index` names, in its order and as often as it names them, or without it the first ones.
template <class Element>
struct Rows {
  const Element* data = nullptr;
  std::size_t stride = 0;  ///< elements between the beginnings of rows
  std::size_t count = 0;
  const std::uint32_t* index = nullptr;
};

}  // namespace libabi::simd
