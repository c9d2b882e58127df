#pragma once

#include "gguf/cursor.hpp"
#include "gguf/name_index.hpp"

namespace libabi::llm {

/// Reads one shard from front to back: start, metadata, tensors. What it returns are views into the bytes.
///
///     "GGUF" | version u32 | tensors u64 | entries u64
///     entry:  key string | type u32 | value            string: length u64, bytes; array: type u32, count u64, elements
///     tensor: name string | dims u32 | dims x u64, innermost first | type u32 | offset u64, from the start of the data
///     padding to the alignment | data: each tensor at a multiple of the alignment
///
/// Counts are believed only as far as the bytes that remain could hold so many things of their smallest size, so that
/// what is allocated is bounded by the size of the file: about 3.5 bytes a byte at the very worst.
struct GgufParser {
  Cursor cursor;
  std::span<const std::byte> bytes;
  std::uint32_t version = 0;
  std::uint64_t tensor_count = 0;
  std::uint64_t metadata_count = 0;
  std::uint64_t alignment = 0;
  std::vector<GgufEntry> entries;
  NameIndex index;  // of entries

  /// Reads the header and the metadata. Errors: corrupt, unsupported (big-endian, another version, nested arrays).
  static Result<GgufParser> start(std::span<const std::byte> bytes);
  /// Reads the descriptions of the tensors behind the others in `out`, which has room for them: each inside the file,
  /// aligned, and no two over each other. Errors: corrupt, unsupported (more than four dimensions).
  Result<void> read_tensors(std::uint32_t shard, std::vector<GgufTensor>& out);

  const GgufValue* find(std::string_view key) const noexcept;
  /// The offset of the string that `text` views: of a key's or a name's length.
  std::uint64_t offset_of(std::string_view text) const noexcept;
  /// The value of an array's or scalar's type at `data`; used where GgufValue itself makes elements.
  static GgufValue scalar(std::string_view key, GgufType type, std::span<const std::byte> data) noexcept;

 private:
  explicit GgufParser(std::span<const std::byte> all) : cursor(all), bytes(all) {}
  Result<void> read_header();
  Result<void> read_metadata();
  Result<std::string_view> read_name(std::string_view what);
  Result<GgufType> read_type(std::string_view what);
  Result<GgufValue> read_value(std::string_view key);
  Result<GgufValue> read_scalar(std::string_view key, GgufType type);
  Result<GgufValue> read_array(std::string_view key);
  Result<void> check_booleans(std::span<const std::byte> values) const;
  Result<void> read_alignment();
  Result<GgufTensor> read_tensor();
  Result<void> read_shape(GgufTensor& tensor);
  Result<void> place(GgufTensor& tensor, std::uint64_t data_start) const;
  Result<void> check_overlaps(std::span<const GgufTensor> tensors) const;
};

}  // namespace libabi::llm
