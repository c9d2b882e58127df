// Rows of x to signed bytes, in groups of as many blocks as a vector has lanes: a lane looks after one block.
#include "declarations.hpp"
#include "input.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::quant::ABI_ISA_NS {

namespace {

using namespace simd::ABI_ISA_NS;

using input::largest_codes;
constexpr int tries = sizeof largest_codes / sizeof *largest_codes;

constexpr float rounding = 0x1.8p23f;  ///< leaves the nearest integer in the low bits of a sum

struct Group {
  F32 x[input::length];  ///< a lane is a block
  F32 inverse;           ///< codes are the nearest integers of x * inverse
  F32 scale;             ///< NaN where x is not finite
  F32 sum;               ///< of the codes
};

/// Blocks from x on; where there are fewer than lanes, the last one stands for those missing.
ABI_INLINE void load_blocks(Group& group, const float* x, std::size_t count) {
  for (std::size_t part = 0; part < input::length; part += lanes) {
    F32 rows[lanes];
#pragma GCC unroll 16
    for (std::size_t b = 0; b < lanes; ++b) rows[b] = load(x + (b < count ? b : count - 1) * input::length + part);
    transpose(rows);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < lanes; ++i) group.x[part + i] = rows[i];
  }
}

/// Tries the largest codes and keeps the one with the least squares of error; then moves the scale to where its codes have
/// the least.
ABI_INLINE void choose_scales(Group& group) {
  I32 top{};  // magnitudes order like their bits, infinity and NaN above all
  for (const F32 x : group.x) {
    const I32 magnitude = bits<I32>(abs(x));
    top = magnitude > top ? magnitude : top;
  }
  const F32 unit = max(bits<F32>(top) * (1.0f / 127.0f), broadcast(input::smallest_scale));
  const F32 per_unit = 1.0f / unit, shift = broadcast(rounding);
  F32 inverses[tries], errors[tries] = {};
#pragma GCC unroll 8
  for (int i = 0; i < tries; ++i) inverses[i] = per_unit * (largest_codes[i] / 127.0f);
  for (const F32 x : group.x)
#pragma GCC unroll 8
    for (int i = 0; i < tries; ++i) {
      const F32 code = fma(x, inverses[i], shift) - shift, error = fma(x, inverses[i], -code);
      errors[i] = fma(error, error, errors[i]);
    }
  group.inverse = inverses[0];
  F32 least = errors[0];
#pragma GCC unroll 8
  for (int i = 1; i < tries; ++i) {
    const float unit_squared = largest_codes[0] / largest_codes[i] * (largest_codes[0] / largest_codes[i]);
    const F32 error = errors[i] * unit_squared;
    group.inverse = error < least ? inverses[i] : group.inverse;
    least = min(error, least);
  }

  F32 products{}, squares{}, sum{};
  for (const F32 x : group.x) {
    const F32 code = fma(x, group.inverse, shift) - shift;
    products = fma(x * group.inverse, code, products);
    squares = fma(code, code, squares);
    sum += code;
  }
  const F32 fitted = products / squares / group.inverse;
  group.scale = squares > 0.0f ? fitted : unit;
  group.scale = top < 0x7f800000 ? group.scale : broadcast(__builtin_nanf(""));
  group.sum = sum;
}

ABI_INLINE void store_block(const float* x, float inverse, float scale, float sum, std::byte* out) {
  const bool finite = scale == scale;
  for (std::size_t i = 0; i < input::length; i += lanes) {
    const F32 codes = fma(load(x + i), broadcast(inverse), broadcast(rounding));
    store_low_bytes(out + i, finite ? bits<I32>(codes) - bits<I32>(broadcast(rounding)) : I32{});
  }
  store_as(out + input::scale, scale);
  store_as(out + input::scaled_sum, scale * sum);
  store_as(out + input::negative_sum, finite ? -static_cast<std::int32_t>(sum) : 0);
}

}  // namespace

std::size_t input_bytes(std::size_t columns) { return (columns / input::length * input::block_bytes + 63) / 64 * 64; }

void quantize_input(const float* x, std::size_t columns, std::byte* out) {
  const std::size_t blocks = columns / input::length;
  for (std::size_t b = 0; b < blocks; b += lanes) {
    const std::size_t count = blocks - b < lanes ? blocks - b : lanes;
    Group group;
    load_blocks(group, x + b * input::length, count);
    choose_scales(group);
    for (std::size_t i = 0; i < count; ++i)
      store_block(x + (b + i) * input::length, group.inverse[i], group.scale[i], group.sum[i],
                  out + (b + i) * input::block_bytes);
  }
}

}  // namespace libabi::quant::ABI_ISA_NS
