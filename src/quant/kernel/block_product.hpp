#pragma once
/// Products with weights in blocks of 32 and quantised x: bytes are multiplied and added up in integers over a block, the
/// blocks of a row in f32 in their order, one sum for each row and token.

#include "declarations.hpp"
#include "input.hpp"
#include "panel.hpp"

namespace libabi::quant::ABI_ISA_NS {
namespace {

/// Tokens of the largest tile, whose integer and float sums the registers hold together with a step's codes.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int tile_tokens = 6;
#else
constexpr int tile_tokens = 4;
#endif
/// Bytes of x that stay in the second-level cache while the panels pass by.
constexpr std::size_t resident_bytes = 384 * 1024;
/// How far ahead of its use a panel is asked for: one token has memory's bandwidth from there on.
constexpr std::size_t prefetch_bytes = 8192;

struct Product {
  const std::byte* w;
  std::size_t rows;  ///< of all panels
  std::size_t columns;
  const std::byte* x;
  std::size_t x_stride;
  float* out;
  std::size_t out_stride;
};

/// What a sum of products of codes starts from, so that it becomes that of code - offset.
template <Codes codes>
ABI_INLINE I32 sum_start(const std::byte* x) {
  if constexpr (codes.offset == 0)
    return I32{};
  else
    return broadcast_i32(x + input::negative_sum) * codes.offset;
}

/// The panel of row `row` with `tokens` tokens from `token` on.
template <Codes codes, int tokens>
void tile(const Product& p, std::size_t row, std::size_t token) {
  using Panel = Layout<codes, panel_rows>;
  constexpr bool narrow = codes.bits < 8;
  constexpr int words = step<narrow> / 2;
  const std::byte* w = p.w + row / panel_rows * panel_bytes<codes>(p.columns);
  const std::byte* x = p.x + token * p.x_stride;
  F32 sums[panel_vectors][tokens] = {};
  for (std::size_t b = 0; b < p.columns / block_columns; ++b, w += Panel::bytes, x += input::block_bytes) {
#pragma GCC unroll 32
    for (std::size_t line = 0; line < Panel::bytes; line += 64) prefetch(w + prefetch_bytes + line);
    I32 dots[panel_vectors][tokens];
#pragma GCC unroll 8
    for (int t = 0; t < tokens; ++t) {
      const I32 start = sum_start<codes>(x + static_cast<std::size_t>(t) * p.x_stride);
#pragma GCC unroll 8
      for (int i = 0; i < panel_vectors; ++i) dots[i][t] = start;
    }
#pragma GCC unroll 8
    for (int g = 0; g < 4; g += words) {
      Weight<narrow> weights[panel_vectors][2 * words];
#pragma GCC unroll 8
      for (int i = 0; i < panel_vectors; ++i)
#pragma GCC unroll 8
        for (int word = 0; word < words; ++word) {
          const CodePair pair = load_codes<codes>(w, i, g + word);
          weights[i][2 * word] = weight<narrow>(pair.first);
          weights[i][2 * word + 1] = weight<narrow>(pair.second);
        }
#pragma GCC unroll 8
      for (int t = 0; t < tokens; ++t) {
        const std::byte* columns = x + static_cast<std::size_t>(t) * p.x_stride + g * 4;
        I8 inputs[2 * words];
#pragma GCC unroll 8
        for (int word = 0; word < words; ++word) {
          inputs[2 * word] = bits<I8>(broadcast_i32(columns + word * 4));
          inputs[2 * word + 1] = bits<I8>(broadcast_i32(columns + 16 + word * 4));
        }
#pragma GCC unroll 8
        for (int i = 0; i < panel_vectors; ++i) dots[i][t] = dot<narrow>(dots[i][t], weights[i], inputs);
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < panel_vectors; ++i) {
      const F32 scales = load_halves(w, 0, i);
#pragma GCC unroll 8
      for (int t = 0; t < tokens; ++t) {
        const std::byte* block = x + static_cast<std::size_t>(t) * p.x_stride;
        sums[i][t] = fma(to_float(dots[i][t]), scales * broadcast_f32(block + input::scale), sums[i][t]);
        if constexpr (codes.minimum)
          sums[i][t] = fma(load_halves(w, Panel::minimums, i), broadcast_f32(block + input::scaled_sum), sums[i][t]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < panel_vectors; ++i) {
    const std::size_t first = row + static_cast<std::size_t>(i) * lanes;
    if (first >= p.rows) return;
    const std::size_t count = p.rows - first < lanes ? p.rows - first : lanes;
#pragma GCC unroll 8
    for (int t = 0; t < tokens; ++t) {
      float* out = p.out + (token + static_cast<std::size_t>(t)) * p.out_stride + first;
      if (count == lanes)
        store(out, sums[i][t]);
      else
        store_part(out, sums[i][t], count);
    }
  }
}

/// Tokens [token, end) in tiles of `tokens`, what remains in smaller ones.
template <Codes codes, int tokens>
ABI_INLINE void tiles(const Product& p, std::size_t row, std::size_t token, std::size_t end) {
  for (; token + tokens <= end; token += tokens) tile<codes, tokens>(p, row, token);
  if constexpr (tokens > 1) tiles<codes, tokens - 1>(p, row, token, end);
}

template <Codes codes>
void multiply_blocks(const std::byte* w, std::size_t, std::size_t rows, std::size_t columns, const std::byte* x,
                     std::size_t x_stride, std::size_t tokens, float* out, std::size_t out_stride) {
  const Product product = {w, rows, columns, x, x_stride, out, out_stride};
  const std::size_t fitting = resident_bytes / (input_bytes(columns) + 1) / tile_tokens * tile_tokens;
  const std::size_t batch = fitting > tile_tokens ? fitting : tile_tokens;
  for (std::size_t token = 0; token < tokens; token += batch) {
    const std::size_t end = tokens - token < batch ? tokens : token + batch;
    for (std::size_t row = 0; row < rows; row += panel_rows) tiles<codes, tile_tokens>(product, row, token, end);
  }
}

template <Codes codes>
constexpr MatrixKernel block_kernel = {
    .panel_rows = panel_rows,
    .packed = true,
    .quantized_input = true,
    .panel_bytes = &panel_bytes<codes>,
    .pack = &pack_panel<codes>,
    .multiply = &multiply_blocks<codes>,
};

}  // namespace
}  // namespace libabi::quant::ABI_ISA_NS
