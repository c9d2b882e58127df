#include "op/descriptors.hpp"

#include <abi/base/boundary.hpp>
#include <abi/base/check.hpp>

#include <cstring>

namespace libabi::compute {

namespace {

Result<void> run_nodes(const Graph& graph, std::span<const Operand> operands, const RunShape& shape,
                       const task::StopToken& stop) {
  if (operands.size() != graph.tensors().size())
    return error(ErrorCode::invalid_argument, "{} operands are given, the graph has {} tensors", operands.size(),
                 graph.tensors().size());
  for (const Node& node : graph.nodes()) {
    if (stop.stop_requested()) return error(ErrorCode::cancelled, "the run is cancelled before {}", name(node.op));
    for (const TensorId id : node.used_inputs())
      if (!operands[id])
        return error(ErrorCode::invalid_argument, "{}: tensor '{}' has no operand", name(node.op), graph.tensor(id).name);
    if (!operands[node.output])
      return error(ErrorCode::invalid_argument, "{}: tensor '{}' has no operand", name(node.op), graph.tensor(node.output).name);
    ABI_TRY(descriptor_of(node.op).reference({graph, node, operands, shape}));
  }
  return {};
}

}  // namespace

Operand Operand::readable(quant::FormatId format, const Shape& shape, const std::byte* bytes) {
  Operand out;
  out.shape_ = shape;
  out.format_ = format;
  out.bytes_ = bytes;
  return out;
}

Operand Operand::writable(quant::FormatId format, const Shape& shape, std::byte* bytes) {
  Operand out = readable(format, shape, bytes);
  out.target_ = bytes;
  return out;
}

Operand Operand::writable(const Shape& shape, double* elements) {
  Operand out;
  out.shape_ = shape;
  out.elements_ = elements;
  return out;
}

std::size_t Operand::index_of(std::int64_t row, std::int64_t plane) const {
  ABI_CHECK(row >= 0 && row < shape_.rows && plane >= 0 && plane < shape_.planes);
  return static_cast<std::size_t>(plane * shape_.rows + row);
}

std::vector<double> Operand::row(std::int64_t row, std::int64_t plane) const {
  const std::size_t index = index_of(row, plane);
  const auto n = static_cast<std::size_t>(shape_.columns);
  if (elements_) return std::vector<double>(elements_ + index * n, elements_ + (index + 1) * n);
  const quant::Format& f = quant::format(format_);
  const std::byte* from = bytes_ + index * (n / f.block_length) * f.block_bytes;
  if (format_ == quant::FormatId::i32) {
    std::vector<std::int32_t> integers(n);
    std::memcpy(integers.data(), from, n * sizeof(std::int32_t));
    return std::vector<double>(integers.begin(), integers.end());
  }
  std::vector<float> values(n);
  f.decode(from, values.data(), n);
  return std::vector<double>(values.begin(), values.end());
}

void Operand::set_row(std::int64_t row, std::span<const double> values) const {
  const std::size_t index = index_of(row, 0);
  const auto n = static_cast<std::size_t>(shape_.columns);
  ABI_CHECK(values.size() == n && (target_ || elements_));
  if (elements_) {
    std::copy(values.begin(), values.end(), elements_ + index * n);
    return;
  }
  const quant::Format& f = quant::format(format_);
  std::byte* to = target_ + index * (n / f.block_length) * f.block_bytes;
  if (format_ == quant::FormatId::i32) {
    std::vector<std::int32_t> integers(n);
    for (std::size_t i = 0; i < n; ++i) integers[i] = static_cast<std::int32_t>(values[i]);
    std::memcpy(to, integers.data(), n * sizeof(std::int32_t));
    return;
  }
  std::vector<float> narrow(n);
  for (std::size_t i = 0; i < n; ++i) narrow[i] = static_cast<float>(values[i]);
  f.encode(narrow.data(), to, n);
}

Result<void> reference_run(const Graph& graph, std::span<const Operand> operands, const RunShape& shape,
                           const task::StopToken& stop) {
  return boundary([&] { return run_nodes(graph, operands, shape, stop); });
}

}  // namespace libabi::compute
