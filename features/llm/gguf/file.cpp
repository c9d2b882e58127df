#include "gguf/open.hpp"
#include "gguf/scalar.hpp"

#include <abi/base/boundary.hpp>

namespace libabi::llm {

struct GgufFile::Impl {
  GgufContents contents;

  /// The value of a key that must be there. Errors: not_found.
  Result<const GgufValue*> required(std::string_view key) const {
    const GgufEntry* entry = contents.entry_index.find(contents.entries, key);
    if (!entry) return error(ErrorCode::not_found, "the key '{}' is not in {}", shown(key), contents.shards[0].path);
    return &entry->value;
  }
};

GgufFile::GgufFile(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
GgufFile::GgufFile(GgufFile&&) noexcept = default;
GgufFile& GgufFile::operator=(GgufFile&&) noexcept = default;
GgufFile::~GgufFile() = default;

Result<GgufFile> GgufFile::open(const std::filesystem::path& file, const GgufOptions& options) {
  return boundary([&]() -> Result<GgufFile> {
    ABI_TRY(auto contents, open_gguf(file, options));
    return GgufFile(std::make_unique<Impl>(std::move(contents)));
  });
}

Result<GgufFile> GgufFile::parse(std::span<const std::byte> bytes, std::string_view name) {
  return boundary([&]() -> Result<GgufFile> {
    ABI_TRY(auto contents, parse_gguf(bytes, name));
    return GgufFile(std::make_unique<Impl>(std::move(contents)));
  });
}

std::uint32_t GgufFile::version() const noexcept { return impl_->contents.version; }
std::uint64_t GgufFile::alignment() const noexcept { return impl_->contents.alignment; }
std::span<const GgufEntry> GgufFile::metadata() const noexcept { return impl_->contents.entries; }
std::span<const GgufTensor> GgufFile::tensors() const noexcept { return impl_->contents.tensors; }
const std::filesystem::path& GgufFile::path() const noexcept { return impl_->contents.shards[0].path; }

std::uint64_t GgufFile::file_bytes() const noexcept {
  std::uint64_t total = 0;
  for (const GgufShard& shard : impl_->contents.shards) total += shard.bytes.size();
  return total;
}

const GgufValue* GgufFile::find(std::string_view key) const noexcept {
  const GgufEntry* entry = impl_->contents.entry_index.find(impl_->contents.entries, key);
  return entry ? &entry->value : nullptr;
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const noexcept {
  return impl_->contents.tensor_index.find(impl_->contents.tensors, name);
}

Result<std::uint64_t> GgufFile::unsigned_at(std::string_view key) const {
  return boundary([&]() -> Result<std::uint64_t> {
    ABI_TRY(const GgufValue* value, impl_->required(key));
    return value->to_unsigned();
  });
}

Result<double> GgufFile::real_at(std::string_view key) const {
  return boundary([&]() -> Result<double> {
    ABI_TRY(const GgufValue* value, impl_->required(key));
    return value->to_real();
  });
}

Result<std::string_view> GgufFile::string_at(std::string_view key) const {
  return boundary([&]() -> Result<std::string_view> {
    ABI_TRY(const GgufValue* value, impl_->required(key));
    return value->to_string();
  });
}

Result<std::uint64_t> GgufFile::unsigned_or(std::string_view key, std::uint64_t fallback) const {
  const GgufValue* value = find(key);
  return value ? value->to_unsigned() : fallback;
}

Result<double> GgufFile::real_or(std::string_view key, double fallback) const {
  const GgufValue* value = find(key);
  return value ? value->to_real() : fallback;
}

Result<bool> GgufFile::boolean_or(std::string_view key, bool fallback) const {
  const GgufValue* value = find(key);
  return value ? value->to_boolean() : fallback;
}

Result<std::string_view> GgufFile::string_or(std::string_view key, std::string_view fallback) const {
  const GgufValue* value = find(key);
  return value ? value->to_string() : fallback;
}

Result<std::span<const std::byte>> GgufFile::data(const GgufTensor& tensor) const {
  return boundary([&]() -> Result<std::span<const std::byte>> {
    if (!tensor.format)
      return error(ErrorCode::unsupported, "tensor '{}' has the type {}, which this build does not know", shown(tensor.name),
                   tensor.gguf_type);
    const auto& shards = impl_->contents.shards;
    const std::uint64_t size = tensor.shard < shards.size() ? shards[tensor.shard].bytes.size() : 0;
    if (tensor.offset > size || tensor.bytes > size - tensor.offset)
      return error(ErrorCode::invalid_argument, "tensor '{}' is not one of {}", shown(tensor.name), path());
    return shards[tensor.shard].bytes.subspan(static_cast<std::size_t>(tensor.offset), static_cast<std::size_t>(tensor.bytes));
  });
}

void GgufFile::will_need(const GgufTensor& tensor) const noexcept {
  if (tensor.shard >= impl_->contents.shards.size()) return;
  impl_->contents.shards[tensor.shard].mapping.will_need(tensor.offset, tensor.bytes);
}

void GgufFile::done_with(const GgufTensor& tensor) const noexcept {
  if (tensor.shard >= impl_->contents.shards.size()) return;
  impl_->contents.shards[tensor.shard].mapping.done_with(tensor.offset, tensor.bytes);
}

}  // namespace libabi::llm
