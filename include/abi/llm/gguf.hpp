#pragma once
/// GGUF, the file format of models: versions 2 and 3, little-endian, one file or shards, read through a mapping.
/// The reader is bounded: nothing is allocated because a file says so, and every error names the byte offset, what was
/// found and what was expected. Opening takes next to no memory of a usual file and at most 4 x its size + 1 MiB of any; time
/// is that of reading the header, O(n log n) in the number of names. Specification: ggml's docs/gguf.md.
///
/// What is refused as corrupt beyond what cannot be read at all: a key or a tensor's name twice (across shards too), empty,
/// longer than 65535 bytes or with a NUL; a boolean other than 0 and 1; an alignment that is no power of two from 8 to
/// 2 MiB; a dimension of 0 or a shape of more than 2^63 - 1 elements; data that are not aligned, not inside the file, or
/// over those of another tensor. Unsupported: arrays of arrays, more than 4 dimensions, than 32768 entries or 262144 tensors.

#include <abi/base/error.hpp>
#include <abi/quant/format.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace libabi::llm {

/// Value types of GGUF metadata; the numbers are the file's.
enum class GgufType : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};
ABI_API std::string_view name(GgufType type) noexcept;

/// A metadata value: a view into the file, alive as long as the GgufFile. Cheap to copy. By itself it is an empty string.
class ABI_API GgufValue {
 public:
  GgufType type() const noexcept { return type_; }
  /// The element type and the number of elements of an array; of a scalar its own type and 1.
  GgufType element_type() const noexcept { return element_type_; }
  std::uint64_t count() const noexcept { return count_; }

  /// Conversions between the numeric types that keep the value (3.0f is the integer 3; a boolean is no number); anything
  /// else is invalid_argument, which names the key.
  Result<std::int64_t> to_integer() const;
  Result<std::uint64_t> to_unsigned() const;
  Result<double> to_real() const;
  Result<bool> to_boolean() const;
  Result<std::string_view> to_string() const;
  /// Element i of an array (of a scalar: i must be 0). O(1) for numbers; strings are O(i) unless walked by strings().
  /// Errors: out_of_range.
  Result<GgufValue> element(std::uint64_t i) const;
  /// All strings of an array of strings, as views. O(count); the vector's size was checked against the file's.
  Result<std::vector<std::string_view>> strings() const;
  Result<std::vector<float>> floats() const;           ///< an array (or scalar) of any numeric type, rounded to nearest
  Result<std::vector<std::int64_t>> integers() const;  ///< an array (or scalar) of any integer type or boolean
  /// As JSON would show it: numbers and strings as they are, arrays cut after `max_elements` with the count behind; bytes
  /// that are not UTF-8 become U+FFFD. Empty where memory runs out.
  std::string text(std::size_t max_elements = 8) const;

 private:
  friend class GgufWriter;
  friend struct GgufParser;
  std::string_view key_;
  GgufType type_ = GgufType::string;
  GgufType element_type_ = GgufType::string;
  std::uint64_t count_ = 1;
  std::span<const std::byte> bytes_;  // the value's own bytes, without type and count; of a string without its length
};

struct GgufEntry {
  std::string_view key;
  GgufValue value;
};

/// A tensor as the file describes it. Dimensions are in the file's order: the first is contiguous.
struct GgufTensor {
  std::string_view name;
  const quant::Format* format = nullptr;  ///< null where this build does not know the type
  std::uint32_t gguf_type = 0;
  std::vector<std::uint64_t> dims;  ///< 1 to 4, none zero
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;   ///< 0 where the format is unknown
  std::uint64_t offset = 0;  ///< from the start of its shard
  std::uint32_t shard = 0;
};

struct GgufOptions {
  /// Open the other shards of a split file (`-00001-of-00003.gguf`), whichever of them is named; otherwise only the file
  /// that is named.
  bool follow_shards = true;
};

/// An open GGUF file, with all shards. Immutable; thread-safe. Movable.
class ABI_API GgufFile {
 public:
  /// Errors: not_found (also: a shard), permission_denied, invalid_argument (a directory; a shard whose name does not tell
  /// the others'), corrupt (with the byte offset; shards that do not belong together), unsupported (big-endian, version 1
  /// or one from the future; see above), exhausted. Cost: reads the header, touches no tensor data.
  static Result<GgufFile> open(const std::filesystem::path& file, const GgufOptions& options = {});
  /// The same from bytes of the caller, which must outlive the result; `name` stands in errors. One shard only.
  static Result<GgufFile> parse(std::span<const std::byte> bytes, std::string_view name);
  GgufFile(GgufFile&&) noexcept;
  GgufFile& operator=(GgufFile&&) noexcept;
  ~GgufFile();

  std::uint32_t version() const noexcept;
  std::uint64_t alignment() const noexcept;
  std::span<const GgufEntry> metadata() const noexcept;  ///< of the first shard, in its order
  std::span<const GgufTensor> tensors() const noexcept;  ///< in the file's order, shards one after the other
  const std::filesystem::path& path() const noexcept;    ///< of the first shard
  std::uint64_t file_bytes() const noexcept;             ///< of all shards

  /// Null when absent. O(log n), for any file.
  const GgufValue* find(std::string_view key) const noexcept;
  const GgufTensor* find_tensor(std::string_view name) const noexcept;

  /// A required key, converted; errors: not_found (the key), invalid_argument (its type or range).
  Result<std::uint64_t> unsigned_at(std::string_view key) const;
  Result<double> real_at(std::string_view key) const;
  Result<std::string_view> string_at(std::string_view key) const;
  /// The same where the key may be absent; a present one of a wrong type is still an error.
  Result<std::uint64_t> unsigned_or(std::string_view key, std::uint64_t fallback) const;
  Result<double> real_or(std::string_view key, double fallback) const;
  Result<bool> boolean_or(std::string_view key, bool fallback) const;
  Result<std::string_view> string_or(std::string_view key, std::string_view fallback) const;

  /// The tensor's bytes in the mapping. Errors: unsupported (unknown format), invalid_argument (not of this file).
  Result<std::span<const std::byte>> data(const GgufTensor& tensor) const;
  /// The pages of the tensor will be / are no longer needed (MappedFile::will_need, done_with).
  void will_need(const GgufTensor& tensor) const noexcept;
  void done_with(const GgufTensor& tensor) const noexcept;

 private:
  struct Impl;
  explicit GgufFile(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Writes GGUF v3. Metadata and tensor descriptions are collected, then `write` streams the tensors' data in the order
/// they were added, so that no more than one tensor is in memory. Not thread-safe.
class ABI_API GgufWriter {
 public:
  GgufWriter();
  GgufWriter(GgufWriter&&) noexcept;
  GgufWriter& operator=(GgufWriter&&) noexcept;
  ~GgufWriter();

  /// A key added twice keeps the later value. general.alignment (u32) is obeyed. What is wrong with a key (empty, too long,
  /// with a NUL) or with an alignment, and memory that runs out, comes out of write().
  void add(std::string_view key, std::uint32_t value);
  void add(std::string_view key, std::int32_t value);
  void add(std::string_view key, std::uint64_t value);
  void add(std::string_view key, float value);
  void add(std::string_view key, bool value);
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }
  void add_strings(std::string_view key, std::span<const std::string> values);
  void add_floats(std::string_view key, std::span<const float> values);
  void add_integers(std::string_view key, std::span<const std::int32_t> values);
  /// Copies a value of another file as it is.
  void add(std::string_view key, const GgufValue& value);

  /// Fills `out` (the tensor's encoded bytes, or a part of them: whole rows, about 1 MiB) from `offset` on; called in order,
  /// from the start again by every write().
  using Source = std::function<Result<void>(std::uint64_t offset, std::span<std::byte> out)>;
  /// dims: first contiguous. Errors: invalid_argument (name empty, over 63 bytes or twice, dims that the format cannot hold).
  Result<void> add_tensor(std::string_view name, const quant::Format& format, std::span<const std::uint64_t> dims, Source source);

  /// Writes to a temporary file beside `file`, syncs it and renames it, so that `file` is whole or untouched.
  /// `progress` gets the fraction done and returns false to cancel. Errors: invalid_argument (a key; the target is there and
  /// is no regular file), not_found (its folder), permission_denied, exhausted (disk, memory, the process's file size
  /// limit), cancelled, and those of the sources.
  Result<void> write(const std::filesystem::path& file, const std::function<bool(double)>& progress = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace libabi::llm
