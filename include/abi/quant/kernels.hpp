#pragma once
/// Matrix products with weights in their storage formats, one table per instruction set. Fetch `quant::kernels()` once,
/// outside the loop. For one thread; the parallel product is the CPU backend's.

#include <abi/quant/format.hpp>
#include <abi/simd/isa.hpp>

namespace libabi::quant {

/// How matrices of one format are multiplied: out[t][r] = sum over k of W[r][k] * x[t][k].
///
/// A result depends on its row of W, its x and the instruction set alone: not on the other rows or tokens of the call, on
/// alignment or on how the matrix was cut, so that one token gives the same bits as a batch. Products and sums of a row are
/// taken in the order of k.
struct MatrixKernel {
  /// Rows that stand together in a panel. A packed matrix is its panels one after the other, the last filled up with zeros.
  std::uint32_t panel_rows;
  /// False: the matrix is used as the file has it, panel_rows is only the granularity that suits the kernel, panel_bytes
  /// and pack are null.
  bool packed;
  /// x is rows made by Kernels::quantize_input; else rows of f32.
  bool quantized_input;
  std::uint64_t (*panel_bytes)(std::size_t columns);
  /// `row_count` <= panel_rows rows in file layout, `row_stride` bytes apart, to one panel.
  void (*pack)(const std::byte* rows, std::size_t row_stride, std::size_t row_count, std::size_t columns, std::byte* panel);
  /// `w` points to the first panel (packed; row_stride is not looked at) or row of the part to be multiplied. Strides of
  /// rows and x are in bytes, of out in floats. Any `rows` and `tokens`, 0 included; exactly [tokens][rows] is written.
  void (*multiply)(const std::byte* w, std::size_t row_stride, std::size_t rows, std::size_t columns, const std::byte* x,
                   std::size_t x_stride, std::size_t tokens, float* out, std::size_t out_stride);
};

struct Kernels {
  simd::Isa isa;
  /// By FormatId; null where the format has no kernel of its own and is decoded first.
  const MatrixKernel* const* matrix;
  /// Bytes of one quantised row of x, a multiple of 64.
  std::size_t (*input_bytes)(std::size_t columns);
  /// One row of x, blocks of 32 as signed bytes with an f32 scale each. `columns` is a multiple of 32.
  void (*quantize_input)(const float* x, std::size_t columns, std::byte* out);
};

/// The table of simd::isa(), chosen once.
ABI_API const Kernels& kernels() noexcept;
/// Null when this build or this processor lacks the instruction set.
ABI_API const Kernels* kernels_for(simd::Isa isa) noexcept;

}  // namespace libabi::quant
