#include "product.hpp"

#include <algorithm>

namespace libabi::backends::cpu {

const quant::MatrixKernel* matrix_kernel(const KernelTables& kernels, quant::FormatId format) noexcept {
  return kernels.quant.matrix[static_cast<std::size_t>(format)];
}

bool wants_quantized(const KernelTables& kernels, quant::FormatId format) noexcept {
  const quant::MatrixKernel* kernel = matrix_kernel(kernels, format);
  return kernel && kernel->quantized_input;
}

std::uint64_t Product::scratch_bytes(const compute::TensorDesc& weight, const KernelTables& kernels) {
  return matrix_kernel(kernels, weight.format) ? 0 : static_cast<std::uint64_t>(weight.shape.columns) * sizeof(float);
}

std::int64_t Product::piece_rows(std::uint64_t bytes) const noexcept {
  const std::int64_t unit = weight_.held().kernel ? weight_.held().kernel->panel_rows : 1;
  const std::uint64_t row_bytes = weight_.held().plane_bytes / static_cast<std::uint64_t>(rows()) + 1;
  return std::max<std::int64_t>(static_cast<std::int64_t>(bytes / row_bytes) / unit, 1) * unit;
}

void Product::multiply(std::int64_t plane, std::int64_t first, std::int64_t rows, const std::byte* x, std::size_t x_stride,
                       std::int64_t tokens, float* out, std::size_t out_stride, std::byte* scratch) const {
  const Holding& held = weight_.held();
  const auto columns = static_cast<std::size_t>(weight_.shape().columns);
  const std::byte* from = weight_.data() + static_cast<std::uint64_t>(plane) * held.plane_bytes;
  if (held.kernel) {
    from += held.kernel->packed ? static_cast<std::uint64_t>(first) / held.kernel->panel_rows * held.kernel->panel_bytes(columns)
                                : static_cast<std::uint64_t>(first) * held.row_bytes;
    held.kernel->multiply(from, static_cast<std::size_t>(held.row_bytes), static_cast<std::size_t>(rows), columns, x, x_stride,
                          static_cast<std::size_t>(tokens), out, out_stride);
    return;
  }
  const quant::Format& format = quant::format(weight_.format());
  auto* row = reinterpret_cast<float*>(scratch);
  for (std::int64_t r = 0; r < rows; ++r) {
    format.decode(from + static_cast<std::uint64_t>(first + r) * held.row_bytes, row, columns);
    for (std::int64_t t = 0; t < tokens; ++t) {
      const auto* values = reinterpret_cast<const float*>(x + static_cast<std::size_t>(t) * x_stride);
      out[static_cast<std::size_t>(t) * out_stride + static_cast<std::size_t>(r)] = kernels_.simd.dot_f32(row, values, columns);
    }
  }
}

double Product::nanoseconds(const compute::TensorDesc& weight, double planes, double tokens) {
  const quant::Format& format = quant::format(weight.format);
  const double elements = static_cast<double>(weight.shape.rows) * static_cast<double>(weight.shape.columns);
  constexpr double bytes_a_ns = 20, products_a_ns = 100;
  return planes * elements * format.block_bytes / format.block_length / bytes_a_ns + tokens * elements / products_a_ns;
}

}  // namespace libabi::backends::cpu
