#pragma once
/// Products with rows of floats as the file has them: lane l of a sum adds up the columns l, l + lanes, ..., the lanes are
/// added at the end, so that each row and token has one order whatever the tile.
///
/// A block of rows stays in the second-level cache while the tokens pass by in tiles, so that weights come from memory once.
/// Where there are many tokens the columns are taken in chunks, and a tile's piece of x stays in the first-level cache while
/// the block's rows pass by.

#include "declarations.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::quant::ABI_ISA_NS {
namespace {

using namespace simd::ABI_ISA_NS;

/// Tokens of the largest tile, and the rows of a tile of so many tokens: as many sums as the registers hold.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int tile_tokens = 6;
template <int tokens>
constexpr int tile_rows = 4;
#else
constexpr int tile_tokens = 4;
template <int tokens>
constexpr int tile_rows = tokens > 2 ? 3 : 4;
#endif
constexpr int cut_rows = 12;  ///< a multiple of every tile's rows
constexpr std::size_t chunk_columns = 1024;
constexpr std::size_t block_bytes = 384 * 1024;
constexpr std::size_t block_rows = 5 * cut_rows;

struct Product {
  const std::byte* w;
  std::size_t row_stride;
  std::size_t columns;
  const std::byte* x;
  std::size_t x_stride;
  float* out;
  std::size_t out_stride;

  ABI_INLINE const std::byte* weights(std::size_t row) const { return w + row * row_stride; }
  ABI_INLINE const std::byte* inputs(std::size_t token) const { return x + token * x_stride; }
};

/// Columns [begin, end): all of them or one of several chunks. `sums` holds what the chunks before gave and takes what is to
/// be continued.
struct Chunk {
  std::size_t begin, end;
  bool first, last;
  F32* sums;
};

// How rows of a format are read: `lanes` elements, or the first n of them with zeros behind.
struct F32Row {
  static constexpr std::size_t element_bytes = sizeof(float);
  ABI_INLINE static F32 all(const std::byte* from) { return load_as<F32>(from); }
  ABI_INLINE static F32 part(const std::byte* from, std::size_t n) {
    float copy[lanes] = {};
    __builtin_memcpy(copy, from, n * sizeof(float));
    return load(copy);
  }
};
template <F32 (*widen)(U16)>
struct HalfRow {
  static constexpr std::size_t element_bytes = sizeof(std::uint16_t);
  ABI_INLINE static F32 all(const std::byte* from) { return widen(load_as<U16>(from)); }
  ABI_INLINE static F32 part(const std::byte* from, std::size_t n) {
    std::uint16_t copy[lanes] = {};
    __builtin_memcpy(copy, from, n * sizeof(std::uint16_t));
    return widen(load_u16(copy));
  }
};

/// The last columns of a row, fewer than there are lanes.
template <class Row, int rows, int tokens>
ABI_INLINE void add_rest(F32 (&sums)[rows][tokens], const Product& p, std::size_t row, std::size_t token, std::size_t k) {
#pragma GCC unroll 8
  for (std::size_t t = 0; t < tokens; ++t) {
    const F32 input = F32Row::part(p.inputs(token + t) + k * F32Row::element_bytes, p.columns - k);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < rows; ++r)
      sums[r][t] = fma(Row::part(p.weights(row + r) + k * Row::element_bytes, p.columns - k), input, sums[r][t]);
  }
}

template <int rows, int tokens>
ABI_INLINE void store_sums(const F32 (&sums)[rows][tokens], const Product& p, std::size_t row, std::size_t token) {
#pragma GCC unroll 8
  for (std::size_t t = 0; t < tokens; ++t) {
    float* out = p.out + (token + t) * p.out_stride + row;
    if constexpr (rows == 4) {
      store_as(out, reduce_add(sums[0][t], sums[1][t], sums[2][t], sums[3][t]));
    } else {
#pragma GCC unroll 8
      for (std::size_t r = 0; r < rows; ++r) out[r] = reduce_add(sums[r][t]);
    }
  }
}

/// Rows from `row` and tokens from `token` on. The rows behind are asked for from memory where `fetch` is set, in the order
/// of their addresses: that is what the processor's own prefetching takes up.
template <class Row, int rows, int tokens>
void tile(const Product& p, std::size_t row, std::size_t token, const Chunk& chunk, bool fetch) {
  constexpr std::size_t step_bytes = rows * lanes * Row::element_bytes;
  const std::byte* const w = p.weights(row);
  const std::byte* const x = p.inputs(token);
  const std::byte* next = fetch ? p.weights(row + rows) + chunk.begin * rows * Row::element_bytes : w;
  const std::size_t next_step = fetch ? step_bytes : 0;
  F32 sums[rows][tokens] = {};
  if (!chunk.first) {
#pragma GCC unroll 32
    for (int i = 0; i < rows * tokens; ++i) sums[i / tokens][i % tokens] = chunk.sums[i];
  }
  std::size_t k = chunk.begin;
  for (; k + lanes <= chunk.end; k += lanes, next += next_step) {
#pragma GCC unroll 8
    for (std::size_t line = 0; line < step_bytes; line += 64) prefetch(next + line);
    F32 weights[rows];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < rows; ++r) weights[r] = Row::all(w + r * p.row_stride + k * Row::element_bytes);
#pragma GCC unroll 8
    for (std::size_t t = 0; t < tokens; ++t) {
      const F32 input = F32Row::all(x + t * p.x_stride + k * F32Row::element_bytes);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < rows; ++r) sums[r][t] = fma(weights[r], input, sums[r][t]);
    }
  }
  if (!chunk.last) {
#pragma GCC unroll 32
    for (int i = 0; i < rows * tokens; ++i) chunk.sums[i] = sums[i / tokens][i % tokens];
    return;
  }
  if (k < chunk.end) add_rest<Row>(sums, p, row, token, k);
  store_sums(sums, p, row, token);
}

/// Rows [row, end) with one tile of tokens.
template <class Row, int tokens>
ABI_INLINE void block(const Product& p, std::size_t row, std::size_t end, std::size_t token, std::size_t chunk_length) {
  F32 sums[block_rows * tokens];
  for (std::size_t begin = 0; begin == 0 || begin < p.columns; begin += chunk_length) {
    const bool last = p.columns - begin <= chunk_length;
    Chunk chunk = {begin, last ? p.columns : begin + chunk_length, begin == 0, last, sums};
    std::size_t r = row;
    for (; r + tile_rows<tokens> <= end; r += tile_rows<tokens>, chunk.sums += tile_rows<tokens> * tokens)
      tile<Row, tile_rows<tokens>, tokens>(p, r, token, chunk, token == 0);
    for (; r < end; ++r, chunk.sums += tokens) tile<Row, 1, tokens>(p, r, token, chunk, token == 0);
  }
}

/// Rows [row, end) with the tokens [token, tokens_end): in tiles of `tokens`, what remains in smaller ones.
template <class Row, int tokens>
ABI_INLINE void tiles(const Product& p, std::size_t row, std::size_t end, std::size_t token, std::size_t tokens_end,
                      std::size_t chunk_length) {
  for (; token + tokens <= tokens_end; token += tokens) block<Row, tokens>(p, row, end, token, chunk_length);
  if constexpr (tokens > 1) tiles<Row, tokens - 1>(p, row, end, token, tokens_end, chunk_length);
}

template <class Row>
void multiply_floats(const std::byte* w, std::size_t row_stride, std::size_t rows, std::size_t columns, const std::byte* x,
                     std::size_t x_stride, std::size_t tokens, float* out, std::size_t out_stride) {
  const Product product = {w, row_stride, columns, x, x_stride, out, out_stride};
  const std::size_t chunk_length = tokens > tile_tokens ? chunk_columns : columns + 1;
  std::size_t height = block_bytes / (columns * Row::element_bytes + 1) / cut_rows * cut_rows;
  height = height < cut_rows ? cut_rows : height > block_rows ? block_rows : height;
  for (std::size_t row = 0; row < rows; row += height)
    tiles<Row, tile_tokens>(product, row, rows - row < height ? rows : row + height, 0, tokens, chunk_length);
}

template <class Row>
constexpr MatrixKernel float_kernel = {
    .panel_rows = cut_rows,
    .packed = false,
    .quantized_input = false,
    .panel_bytes = nullptr,
    .pack = nullptr,
    .multiply = &multiply_floats<Row>,
};

}  // namespace
}  // namespace libabi::quant::ABI_ISA_NS
