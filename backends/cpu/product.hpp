#pragma once

#include "operation.hpp"

namespace libabi::backends::cpu {

const quant::MatrixKernel* matrix_kernel(const KernelTables& kernels, quant::FormatId format) noexcept;
/// Whether matrices of this format are multiplied with rows of quantize_input(); else with rows of f32.
bool wants_quantized(const KernelTables& kernels, quant::FormatId format) noexcept;

/// Rows of one plane of a weight times rows of x. Without a kernel for the format, each row is decoded and multiplied by
/// itself, which is slow but right for every format.
class Product {
 public:
  Product(const Tensor& weight, const KernelTables& kernels) : weight_(weight), kernels_(kernels) {}
  /// Scratch that multiply() needs.
  static std::uint64_t scratch_bytes(const compute::TensorDesc& weight, const KernelTables& kernels);

  std::int64_t rows() const noexcept { return weight_.shape().rows; }
  /// The rows that a piece of the product should have, a multiple of what the kernel wants: about `bytes` of the weight.
  std::int64_t piece_rows(std::uint64_t bytes) const noexcept;
  /// out[t * out_stride + r] for r < rows: row first + r of `plane` times row t of x.
  void multiply(std::int64_t plane, std::int64_t first, std::int64_t rows, const std::byte* x, std::size_t x_stride,
                std::int64_t tokens, float* out, std::size_t out_stride, std::byte* scratch) const;
  /// About how long one thread takes for `planes` of them and `tokens` rows of x in all.
  static double nanoseconds(const compute::TensorDesc& weight, double planes, double tokens);

 private:
  const Tensor& weight_;
  const KernelTables& kernels_;
};

}  // namespace libabi::backends::cpu
