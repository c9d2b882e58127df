#pragma once
/// The blocked product that gemm_f32, gemm_bf16 and gemm_i8 share: see <abi/simd/gemm.hpp> for the scheme.
///
/// Operands are packed into words of 32 bits that hold 1, 2 or 4 neighbours along k. `Type` says how:
///   Element, Sum             what a and b, and what c, are made of
///   group                    elements a word
///   words(from)              the next `lanes` words of a row
///   interleave(from, stride) the words of `lanes` columns, from `group` rows of b
///   last_word(from, stride, count)  one word of `count` < group elements that are `stride` apart, zeros behind
///   a_words(words)           what has to be done to a's words, if anything
///   step(sum, a, b)          adds the products of two vectors of words
///   correct(sum, b)          for b's words as they are packed, what the sum of a column starts with

#include "declarations.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::simd::ABI_ISA_NS {
namespace {

// A tile of c: as many sums as the registers hold beside a panel's vectors and one broadcast word.
constexpr std::size_t panel_vectors = 2;
constexpr std::size_t panel = panel_vectors * lanes;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr std::size_t tile_rows = 12;
#else
constexpr std::size_t tile_rows = 6;
#endif
constexpr std::size_t wide = 8 * panel;  // columns that are packed together
// A power of two would put the rows of a tile into the same few lines of the cache.
constexpr std::size_t row_words = gemm_block_words + gemm_row_padding_words;
static_assert(gemm_block_rows % tile_rows == 0 && gemm_block_columns % panel == 0 && gemm_panel_columns % panel == 0);

template <class Type>
class Product {
  using Element = typename Type::Element;
  using Sum = typename Type::Sum;
  using Sums = typename Type::Sums;
  static constexpr std::size_t group = Type::group;

 public:
  Product(Sum* c, const Element* a, const Element* b, const GemmShape& shape, std::byte* workspace)
      : c_(c), a_(a), b_(b), shape_(shape) {
    const std::uintptr_t unaligned = reinterpret_cast<std::uintptr_t>(workspace);
    rows_ = reinterpret_cast<std::uint32_t*>((unaligned + 63) / 64 * 64);
    panels_ = rows_ + round_up(min(shape.m, gemm_block_rows), tile_rows) * row_words;
  }

  void run() {
    if (shape_.k == 0) return clear();
    for (std::size_t column = 0; column < shape_.n; column += gemm_block_columns) {
      columns_ = min(shape_.n - column, gemm_block_columns);
      for (std::size_t k = 0; k < shape_.k; k += gemm_block_words * group) {
        length_ = min(shape_.k - k, gemm_block_words * group);
        words_ = (length_ + group - 1) / group;
        for (std::size_t row = 0; row < shape_.m; row += gemm_block_rows) {
          const std::size_t rows = min(shape_.m - row, gemm_block_rows);
          pack_a(row, rows, k);
          for (std::size_t i = 0; i < columns_; i += panel) {
            if (row == 0 && i % wide == 0) pack_b(column, i, k);
            multiply(row, rows, column, i, k);
          }
        }
      }
    }
  }

 private:
  static std::size_t min(std::size_t a, std::size_t b) { return a < b ? a : b; }
  static std::size_t round_up(std::size_t a, std::size_t step) { return (a + step - 1) / step * step; }

  void clear() {
    if (shape_.accumulate) return;
    for (std::size_t row = 0; row < shape_.m; ++row) __builtin_memset(c_ + row * shape_.c_stride, 0, shape_.n * sizeof(Sum));
  }

  /// Rows of a as words, row_words apart; zeros up to a whole tile.
  void pack_a(std::size_t row, std::size_t rows, std::size_t k) {
    for (std::size_t i = 0; i < round_up(rows, tile_rows); ++i) {
      std::uint32_t* to = rows_ + i * row_words;
      if (i >= rows) {
        __builtin_memset(to, 0, words_ * sizeof(std::uint32_t));
        continue;
      }
      const Element* from = a_ + (row + i) * shape_.a_stride + k;
      std::size_t w = 0;
      for (; (w + lanes) * group <= length_; w += lanes) store_as(to + w, Type::a_words(Type::words(from + w * group)));
      for (; w < words_; ++w)
        to[w] = Type::a_words(U32{} + Type::last_word(from + w * group, 1, min(group, length_ - w * group)))[0];
    }
  }

  /// Panels of b: each the corrections of its columns, then for each word of k the words of its columns.
  void pack_b(std::size_t column, std::size_t i, std::size_t k) {
    const std::size_t end = min(columns_, i + wide);
    if (!shape_.b_transposed) pack_columns(panel_at(i), b_ + k * shape_.b_stride + column + i, end - i);
    for (; i < end; i += panel) {
      std::uint32_t* const to = panel_at(i);
      if (shape_.b_transposed) pack_rows(to, b_ + (column + i) * shape_.b_stride + k, min(end - i, panel));
#pragma GCC unroll 4
      for (std::size_t v = 0; v < panel; v += lanes) {
        Sums sum = {};
        for (std::size_t w = 0; w < words_; ++w) sum = Type::correct(sum, load_as<U32>(to + w * panel + v));
        store_as(to - panel + v, sum);
      }
    }
  }

  /// The first words of a panel, behind its corrections.
  std::uint32_t* panel_at(std::size_t i) const { return panels_ + i * (words_ + 1) + panel; }

  /// Several panels at once, so that a row, which lies far from the next, gives whole lines of the cache.
  void pack_columns(std::uint32_t* to, const Element* from, std::size_t width) const {
    const std::size_t stride = shape_.b_stride, next_panel = (words_ + 1) * panel;
    for (std::size_t w = 0; w < words_; ++w, to += panel, from += group * stride) {
      const std::size_t count = min(group, length_ - w * group);
      std::size_t i = 0;
      if (count == group)
        for (; i + lanes <= width; i += lanes)
          store_as(to + i / panel * next_panel + i % panel, Type::interleave(from + i, stride));
      for (; i < round_up(width, panel); ++i)
        to[i / panel * next_panel + i % panel] = i < width ? Type::last_word(from + i, stride, count) : 0;
    }
  }

  /// b given by rows: blocks of lanes x lanes words change places.
  void pack_rows(std::uint32_t* to, const Element* from, std::size_t width) const {
    const std::size_t stride = shape_.b_stride;
    for (std::size_t v = 0; v < panel; v += lanes) {
      const std::size_t rows = width > v ? min(width - v, lanes) : 0;
      std::size_t w = 0;
      for (; (w + lanes) * group <= length_; w += lanes) {
        F32 block[lanes];
#pragma GCC unroll 16
        for (std::size_t i = 0; i < lanes; ++i)
          block[i] = i < rows ? bits<F32>(Type::words(from + (v + i) * stride + w * group)) : F32{};
        transpose(block);
#pragma GCC unroll 16
        for (std::size_t i = 0; i < lanes; ++i) store_as(to + (w + i) * panel + v, block[i]);
      }
      for (; w < words_; ++w)
        for (std::size_t i = 0; i < lanes; ++i)
          to[w * panel + v + i] =
              i < rows ? Type::last_word(from + (v + i) * stride + w * group, 1, min(group, length_ - w * group)) : 0;
    }
  }

  /// The tiles of c below one panel.
  void multiply(std::size_t row, std::size_t rows, std::size_t column, std::size_t i, std::size_t k) const {
    const bool add = k != 0 || shape_.accumulate;
    const std::uint32_t* const b = panels_ + i * (words_ + 1);
    const std::size_t width = min(columns_ - i, panel);
    for (std::size_t r = 0; r < rows; r += tile_rows) {
      Sum* const c = c_ + (row + r) * shape_.c_stride + column + i;
      const std::uint32_t* const a = rows_ + r * row_words;
      const std::size_t height = min(rows - r, tile_rows);
      if (width == panel && height == tile_rows)
        tile<tile_rows, panel_vectors>(c, shape_.c_stride, a, b, add);
      else
        edge(c, height, width, a, b, add);
    }
  }

  /// A tile that is not whole goes through a copy; of rows and vectors only as many thirds and halves as there are.
  void edge(Sum* c, std::size_t height, std::size_t width, const std::uint32_t* a, const std::uint32_t* b, bool add) const {
    constexpr std::size_t third = tile_rows / 3;
    Sum whole[tile_rows * panel];
    const auto fill = [&]<std::size_t vectors>() {
      if (height <= third)
        tile<third, vectors>(whole, panel, a, b, false);
      else if (height <= 2 * third)
        tile<2 * third, vectors>(whole, panel, a, b, false);
      else
        tile<tile_rows, vectors>(whole, panel, a, b, false);
    };
    if (width <= lanes)
      fill.template operator()<1>();
    else
      fill.template operator()<panel_vectors>();
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x) {
        Sum& to = c[y * shape_.c_stride + x];
        to = add ? Type::add(to, whole[y * panel + x]) : whole[y * panel + x];
      }
  }

  template <std::size_t rows, std::size_t vectors>
  void tile(Sum* c, std::size_t stride, const std::uint32_t* a, const std::uint32_t* b, bool add) const {
    // The rows of c lie far apart; they arrive while the sums are made.
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t v = 0; v < vectors * lanes; v += 16) prefetch(reinterpret_cast<const std::byte*>(c + r * stride + v));
    Sums sums[rows][vectors];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < vectors; ++v) sums[r][v] = load_as<Sums>(b + v * lanes);
    b += panel;
    for (std::size_t w = 0; w < words_; ++w, ++a, b += panel) {
      U32 columns[vectors];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < vectors; ++v) columns[v] = load_as<U32>(b + v * lanes);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < rows; ++r) {
        const U32 word = U32{} + a[r * row_words];
#pragma GCC unroll 4
        for (std::size_t v = 0; v < vectors; ++v) sums[r][v] = Type::step(sums[r][v], word, columns[v]);
      }
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < vectors; ++v) {
        Sum* const to = c + r * stride + v * lanes;
        store_as(to, add ? load_as<Sums>(to) + sums[r][v] : sums[r][v]);
      }
  }

  Sum* c_;
  const Element* a_;
  const Element* b_;
  const GemmShape& shape_;
  std::uint32_t* rows_;
  std::uint32_t* panels_;
  std::size_t columns_ = 0;  // of the block of b
  std::size_t length_ = 0;   // of the block along k, in elements
  std::size_t words_ = 0;
};

}  // namespace
}  // namespace libabi::simd::ABI_ISA_NS
