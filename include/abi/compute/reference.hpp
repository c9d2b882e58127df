#pragma once
/// The scalar reference: every operation by its formula, in double, one element after the other. It is the
/// specification that devices are compared with, and what the null device runs. It shares nothing with any kernel.

#include <abi/compute/device.hpp>

namespace libabi::compute {

/// A tensor as the reference sees it: rows of doubles over memory in some format, or over doubles. A view; the memory is
/// its maker's.
class ABI_API Operand {
 public:
  /// No tensor.
  Operand() = default;
  /// `shape.rows` is the row count of the run.
  static Operand readable(quant::FormatId format, const Shape& shape, const std::byte* bytes);
  static Operand writable(quant::FormatId format, const Shape& shape, std::byte* bytes);
  static Operand writable(const Shape& shape, double* elements);

  explicit operator bool() const noexcept { return bytes_ || elements_; }
  std::int64_t rows() const noexcept { return shape_.rows; }
  std::int64_t columns() const noexcept { return shape_.columns; }
  std::int64_t planes() const noexcept { return shape_.planes; }

  /// A row, decoded.
  std::vector<double> row(std::int64_t row, std::int64_t plane = 0) const;
  /// The only element of a row of ids, positions or cells.
  std::int64_t id(std::int64_t row) const { return static_cast<std::int64_t>(this->row(row)[0]); }
  /// Rounds the values to the format of the memory.
  void set_row(std::int64_t row, std::span<const double> values) const;

 private:
  std::size_t index_of(std::int64_t row, std::int64_t plane) const;
  Shape shape_;
  quant::FormatId format_ = quant::FormatId::f32;
  const std::byte* bytes_ = nullptr;
  std::byte* target_ = nullptr;  // bytes_ where they may be written
  double* elements_ = nullptr;   // instead of bytes
};

/// Carries out the nodes in order. `operands` stand by TensorId, at the rows of this run (states and weights whole).
/// `stop` is looked at between nodes: cancelled. Other errors: out_of_range (an id, cell or position), and invalid_argument
/// where a node's tensor has no operand.
ABI_API Result<void> reference_run(const Graph& graph, std::span<const Operand> operands, const RunShape& shape,
                                   const task::StopToken& stop = {});

}  // namespace libabi::compute
