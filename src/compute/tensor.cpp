#include <abi/base/boundary.hpp>
#include <abi/compute/tensor.hpp>

namespace libabi::compute {

namespace {

std::string format_text(quant::FormatId id) {
  std::string out(quant::format(id).name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

std::string_view rows_text(Rows rows) {
  switch (rows) {
    case Rows::fixed: return "";
    case Rows::tokens: return "tokens ";
    case Rows::outputs: return "outputs ";
  }
  return "";
}

Result<std::uint64_t> count_bytes(const TensorDesc& desc) {
  const Shape& shape = desc.shape;
  if (shape.planes < 1 || shape.rows < 1 || shape.columns < 1)
    return error(ErrorCode::invalid_argument, "tensor '{}' is {}, expected at least one element", desc.name, text(desc));
  Result<std::uint64_t> row = quant::row_bytes(quant::format(desc.format), static_cast<std::uint64_t>(shape.columns));
  if (!row) return within(format("tensor '{}'", desc.name), std::move(row).error());
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(*row, static_cast<std::uint64_t>(shape.rows), &bytes) ||
      __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(shape.planes), &bytes) || bytes > INT64_MAX)
    return error(ErrorCode::invalid_argument, "tensor '{}' is {}, whose bytes exceed 63 bits", desc.name, text(desc));
  return bytes;
}

}  // namespace

Result<std::uint64_t> tensor_bytes(const TensorDesc& desc) {
  return boundary([&] { return count_bytes(desc); });
}

std::string text(const TensorDesc& desc) {
  const Shape& shape = desc.shape;
  const std::string planes = shape.planes == 1 ? std::string() : format("{}, ", shape.planes);
  return format("{} [{}{}{}, {}]", format_text(desc.format), planes, rows_text(shape.dynamic), shape.rows, shape.columns);
}

}  // namespace libabi::compute
