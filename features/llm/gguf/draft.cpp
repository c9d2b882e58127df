/// The file that this writes, GGUF version 3, little-endian:
///
///     0   "GGUF"            4   version u32 = 3
///     8   tensors u64       16  metadata entries u64
///     24  entries           key string | type u32 | value
///         descriptions      name string | dims u32 | dims x u64, innermost first | type u32 | offset u64 in the data
///         zeros up to a multiple of the alignment (general.alignment, 32 where absent)
///         data              each tensor, followed by zeros up to a multiple of the alignment
///
/// A string is its length u64 and its bytes; an array its type u32, its count u64 and its elements.

#include "gguf/draft.hpp"

#include "gguf/output_file.hpp"

#include <abi/memory/buffer.hpp>

namespace libabi::llm {

namespace {

constexpr std::uint64_t kPartBytes = 1u << 20;  // asked of a source at once, where a row is not larger

std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

bool is_name(std::string_view text, std::uint64_t most) {
  return !text.empty() && text.size() <= most && text.find('\0') == std::string_view::npos;
}

/// Elements of the shape. Errors: invalid_argument.
Result<std::uint64_t> elements_of(std::string_view name, std::span<const std::uint64_t> dims) {
  if (dims.empty() || dims.size() > kMaxDims)
    return error(ErrorCode::invalid_argument, "tensor '{}' has {} dimensions, expected 1 to {}", name, dims.size(), kMaxDims);
  std::uint64_t elements = 1;
  for (const std::uint64_t dim : dims) {
    if (dim == 0 || dim > kMaxElements / elements)
      return error(ErrorCode::invalid_argument, "tensor '{}' has a dimension of {}, expected 1 or more and a product of 63 bits",
                   name, dim);
    elements *= dim;
  }
  return elements;
}

Result<std::uint64_t> alignment_of(std::span<const std::byte> value) {
  GgufType type = GgufType::array;
  if (value.size() == 2 * sizeof(std::uint32_t)) type = load<GgufType>(value.data());
  if (type != GgufType::u32) return error(ErrorCode::invalid_argument, "{} is no u32, expected one", kAlignmentKey);
  const auto wanted = load<std::uint32_t>(value.data() + sizeof(std::uint32_t));
  if (!std::has_single_bit(wanted) || wanted < kMinAlignment || wanted > kMaxAlignment)
    return error(ErrorCode::invalid_argument, "{} is {}, expected a power of two from {} to {}", kAlignmentKey, wanted,
                 kMinAlignment, kMaxAlignment);
  return wanted;
}

}  // namespace

void GgufDraft::fail(Error error) {
  if (status) status = std::unexpected(std::move(error));
}

void GgufDraft::put(std::string_view key, Bytes value) {
  if (!is_name(key, kMaxNameBytes))
    return fail({ErrorCode::invalid_argument,
                 format("the key '{}' has {} bytes, expected 1 to {} and no NUL", shown(key), key.size(), kMaxNameBytes),
                 {}});
  if (key == kAlignmentKey) {
    auto wanted = alignment_of(value);
    if (!wanted) return fail(std::move(wanted).error());
    alignment = *wanted;
  }
  if (const auto known = entry_of.find(key); known != entry_of.end()) {
    entries[known->second].value = std::move(value);
    return;
  }
  entries.push_back({std::string(key), std::move(value)});
  entry_of.emplace(key, entries.size() - 1);
}

Result<void> GgufDraft::put_tensor(std::string_view name, const quant::Format& format, std::span<const std::uint64_t> dims,
                                   GgufWriter::Source source) {
  const std::string text = shown(name);
  if (!is_name(name, kMaxWrittenNameBytes))
    return error(ErrorCode::invalid_argument, "the tensor name '{}' has {} bytes, expected 1 to {} and no NUL", text, name.size(),
                 kMaxWrittenNameBytes);
  if (tensor_names.contains(name)) return error(ErrorCode::invalid_argument, "tensor '{}' is added a second time", text);
  if (!source) return error(ErrorCode::invalid_argument, "tensor '{}' has no source", text);
  ABI_TRY(const std::uint64_t elements, elements_of(text, dims));
  Tensor tensor{std::string(name), &format, {dims.begin(), dims.end()}, 0, 0, std::move(source)};
  auto row_bytes = quant::row_bytes(format, dims[0]);
  if (!row_bytes) return within("tensor '" + text + "'", std::move(row_bytes).error());
  tensor.row_bytes = *row_bytes;
  if (__builtin_mul_overflow(tensor.row_bytes, elements / dims[0], &tensor.bytes) || tensor.bytes > kMaxElements)
    return error(ErrorCode::invalid_argument, "tensor '{}' has {} elements, whose bytes exceed 63 bits", text, elements);
  tensors.push_back(std::move(tensor));
  tensor_names.emplace(name);
  return {};
}

Result<GgufDraft::Bytes> GgufDraft::head() const {
  Bytes out;
  append_bytes(out, std::as_bytes(std::span("GGUF", 4)));
  append<std::uint32_t>(out, 3);
  append<std::uint64_t>(out, tensors.size());
  append<std::uint64_t>(out, entries.size());
  for (const Entry& entry : entries) {
    append_string(out, entry.key);
    append_bytes(out, entry.value);
  }
  std::uint64_t offset = 0;
  for (const Tensor& tensor : tensors) {
    append_string(out, tensor.name);
    append<std::uint32_t>(out, static_cast<std::uint32_t>(tensor.dims.size()));
    for (const std::uint64_t dim : tensor.dims) append(out, dim);
    append(out, tensor.format->gguf_type);
    append(out, offset);
    if (tensor.bytes > kMaxElements - alignment - offset)
      return error(ErrorCode::invalid_argument, "with tensor '{}' the data exceed 63 bits", shown(tensor.name));
    offset = round_up(offset + tensor.bytes, alignment);
  }
  out.resize(static_cast<std::size_t>(round_up(out.size(), alignment)));
  return out;
}

Result<void> GgufDraft::write(const std::filesystem::path& file, const std::function<bool(double)>& progress) const {
  if (!status) return std::unexpected(status.error());
  if (entries.size() > kMaxMetadata || tensors.size() > kMaxTensors)
    return error(ErrorCode::invalid_argument, "{} metadata entries and {} tensors are added, expected at most {} and {}",
                 entries.size(), tensors.size(), kMaxMetadata, kMaxTensors);
  ABI_TRY(const Bytes start, head());
  std::uint64_t data_bytes = 0, part_bytes = 0;
  for (const Tensor& tensor : tensors) {
    data_bytes += round_up(tensor.bytes, alignment);
    part_bytes = std::max(part_bytes, std::min(tensor.bytes, std::max(kPartBytes, tensor.row_bytes)));
  }
  ABI_TRY(auto buffer, memory::Buffer::allocate_zeroed(part_bytes));
  ABI_TRY(auto output, OutputFile::create(file, start.size() + data_bytes));
  ABI_TRY(output.write(start));

  const auto go_on = [&](double fraction) -> Result<void> {
    if (!progress || progress(fraction)) return {};
    return error(ErrorCode::cancelled, "the writing of {} is cancelled", file);
  };
  const Bytes zeros(static_cast<std::size_t>(alignment));
  std::uint64_t done = 0;
  for (const Tensor& tensor : tensors) {
    const std::uint64_t step = std::max<std::uint64_t>(kPartBytes / tensor.row_bytes, 1) * tensor.row_bytes;
    for (std::uint64_t at = 0; at < tensor.bytes; at += step) {
      ABI_TRY(go_on(static_cast<double>(done + at) / static_cast<double>(data_bytes)));
      const auto part = buffer.bytes().first(static_cast<std::size_t>(std::min(step, tensor.bytes - at)));
      auto filled = tensor.source(at, part);
      if (!filled) return within("tensor '" + shown(tensor.name) + "'", std::move(filled).error());
      ABI_TRY(output.write(part));
    }
    const std::uint64_t padded = round_up(tensor.bytes, alignment);
    ABI_TRY(output.write(std::span(zeros).first(static_cast<std::size_t>(padded - tensor.bytes))));
    done += padded;
  }
  ABI_TRY(go_on(1.0));
  return output.commit();
}

}  // namespace libabi::llm
