#include "gguf/limits.hpp"
#include "gguf/parser.hpp"

namespace libabi::llm {

Result<void> GgufParser::read_tensors(std::uint32_t shard, std::vector<GgufTensor>& out) {
  const std::size_t first = out.size();
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    auto tensor = read_tensor();
    if (!tensor) return within(format("tensor {}", i), std::move(tensor).error());
    tensor->shard = shard;
    out.push_back(*std::move(tensor));
  }
  const std::uint64_t data_start = (cursor.offset() + alignment - 1) / alignment * alignment;
  const auto added = std::span(out).subspan(first);
  for (GgufTensor& tensor : added) ABI_TRY(place(tensor, data_start));
  return check_overlaps(added);
}

Result<GgufTensor> GgufParser::read_tensor() {
  GgufTensor tensor;
  ABI_TRY(tensor.name, read_name("a tensor's name"));
  ABI_TRY(read_shape(tensor));
  ABI_TRY(tensor.gguf_type, cursor.read<std::uint32_t>("the tensor's type"));
  tensor.format = quant::find_gguf_type(tensor.gguf_type);
  ABI_TRY(tensor.offset, cursor.read<std::uint64_t>("the offset of the tensor's data"));
  if (tensor.offset % alignment != 0)
    return error(ErrorCode::corrupt, "at byte {}: the data of '{}' starts at {}, expected a multiple of {}",
                 cursor.offset() - sizeof tensor.offset, shown(tensor.name), tensor.offset, alignment);
  if (!tensor.format) return tensor;

  const auto row = quant::row_bytes(*tensor.format, tensor.dims[0]);
  if (!row || __builtin_mul_overflow(*row, tensor.elements / tensor.dims[0], &tensor.bytes))
    return error(ErrorCode::corrupt,
                 "at byte {}: '{}' has rows of {} elements, expected a multiple of {} whose bytes fit 64 bits",
                 offset_of(tensor.name), shown(tensor.name), tensor.dims[0], tensor.format->block_length);
  return tensor;
}

Result<void> GgufParser::read_shape(GgufTensor& tensor) {
  const std::uint64_t start = cursor.offset();
  ABI_TRY(const auto count, cursor.read<std::uint32_t>("the number of dimensions"));
  if (count == 0 || count > kMaxDims)
    return error(count == 0 ? ErrorCode::corrupt : ErrorCode::unsupported, "at byte {}: '{}' has {} dimensions, expected 1 to {}",
                 start, shown(tensor.name), count, kMaxDims);
  tensor.dims.resize(count);
  tensor.elements = 1;
  for (std::uint64_t& dim : tensor.dims) {
    const std::uint64_t at = cursor.offset();
    ABI_TRY(dim, cursor.read<std::uint64_t>("a dimension"));
    if (dim == 0) return error(ErrorCode::corrupt, "at byte {}: a dimension of '{}' is 0, expected more", at, shown(tensor.name));
    if (dim > kMaxElements / tensor.elements)
      return error(ErrorCode::corrupt, "at byte {}: a dimension of '{}' is {}, which with {} elements before it exceeds 63 bits",
                   at, shown(tensor.name), dim, tensor.elements);
    tensor.elements *= dim;
  }
  return {};
}

/// Turns the offset into one from the start of the shard. Of an unknown format only the first byte must be there.
Result<void> GgufParser::place(GgufTensor& tensor, std::uint64_t data_start) const {
  const std::uint64_t data_bytes = bytes.size() > data_start ? bytes.size() - data_start : 0;
  const std::uint64_t needed = std::max<std::uint64_t>(tensor.bytes, 1);
  if (tensor.offset > data_bytes || needed > data_bytes - tensor.offset)
    return error(ErrorCode::corrupt, "at byte {}: '{}' takes {} bytes from {} on, the file has {} bytes of data from byte {} on",
                 offset_of(tensor.name), shown(tensor.name), needed, tensor.offset, data_bytes, data_start);
  tensor.offset += data_start;
  return {};
}

/// Two tensors over each other are refused: no writer makes them, and who writes into one would change the other.
Result<void> GgufParser::check_overlaps(std::span<const GgufTensor> tensors) const {
  std::vector<std::uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return std::pair(tensors[i].offset, i); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const GgufTensor &before = tensors[order[i - 1]], &after = tensors[order[i]];
    if (before.offset + std::max<std::uint64_t>(before.bytes, 1) <= after.offset) continue;
    return error(ErrorCode::corrupt,
                 "at byte {}: the data of '{}' starts at byte {}, expected behind that of '{}', which has {} from "
                 "byte {} on",
                 offset_of(after.name), shown(after.name), after.offset, shown(before.name), before.bytes, before.offset);
  }
  return {};
}

}  // namespace libabi::llm
