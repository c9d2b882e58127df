#pragma once
/// Products of matrices on one core. compute/gemm.hpp divides a product among threads; a matrix times a vector is a batch of
/// inner products (the one-to-many kernels of kernels.def).
///
///     GemmShape shape{.m = tokens, .n = outputs, .k = inputs, .a_stride = inputs, .b_stride = inputs, .c_stride = outputs,
///                     .b_transposed = true};
///     std::vector<std::byte> workspace(gemm_workspace_bytes(shape));  // once; aligned as operator new does
///     kernels().gemm_f32(c, a, b, shape, workspace.data());
///
/// The scheme is that of Goto and van de Geijn (Anatomy of High-Performance Matrix Multiplication, ACM TOMS 2008): a block of b
/// is packed into panels of a few vectors' width, a block of a into rows that stay in the second-level cache, and a tile of c is
/// held in registers while a panel passes by.

#include <cstddef>

namespace libabi::simd {

/// c[m, n] = a[m, k] * b[k, n], rows one after another; strides are elements between the beginnings of rows.
struct GemmShape {
  std::size_t m = 0, n = 0, k = 0;
  std::size_t a_stride = 0, b_stride = 0, c_stride = 0;
  bool b_transposed = false;  ///< b holds n rows of k instead, as the rows of weights of a neural network
  bool accumulate = false;    ///< c += a * b; else c is overwritten, and may be uninitialised
};

/// Blocks of the packed operands; columns of k are counted in words of 4 bytes: 1 f32, 2 bf16, 4 or 2 i8. A block of a (0.4 MB)
/// stays in the second-level cache. Long blocks of k pay, since c is read and written once for each.
inline constexpr std::size_t gemm_block_rows = 96;
inline constexpr std::size_t gemm_block_words = 1024;
inline constexpr std::size_t gemm_block_columns = 2048;
inline constexpr std::size_t gemm_row_padding_words = 16;
inline constexpr std::size_t gemm_panel_columns = 32;  ///< the widest panel of any instruction set

/// What a gemm kernel of that shape writes to its workspace at most, on every instruction set and for every element type.
constexpr std::size_t gemm_workspace_bytes(const GemmShape& shape) noexcept {
  const auto up_to = [](std::size_t length, std::size_t most, std::size_t step) {
    return length >= most ? most : (length + step - 1) / step * step;
  };
  const std::size_t rows = up_to(shape.m + 15, gemm_block_rows, 1);
  const std::size_t columns = up_to(shape.n, gemm_block_columns, gemm_panel_columns);
  const std::size_t words = up_to(shape.k, gemm_block_words, 1);
  return 128 + sizeof(float) * (rows * (gemm_block_words + gemm_row_padding_words) + columns * (words + 1));
}

}  // namespace libabi::simd
