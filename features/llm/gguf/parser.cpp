#include "gguf/parser.hpp"

#include "gguf/limits.hpp"

namespace libabi::llm {

namespace {

constexpr std::uint32_t kMagic = 0x46554747;         // "GGUF"
constexpr std::uint32_t kSwappedMagic = 0x47475546;  // what a big-endian writer may make of it
constexpr std::uint32_t kOldestVersion = 2;
constexpr std::uint32_t kNewestVersion = 3;
constexpr std::uint64_t kMinEntryBytes = 8 + 1 + 4 + 1;           // key of one byte, type, value of one byte
constexpr std::uint64_t kMinTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;  // name of one byte, one dimension

/// Fails unless `count` things of at least `smallest` bytes fit the bytes that remain.
Result<void> check_count(const Cursor& cursor, std::uint64_t count, std::uint64_t smallest, std::string_view what) {
  if (count > cursor.remaining() / smallest)
    return error(ErrorCode::corrupt, "at byte {}: {} {} are announced, the {} bytes that remain hold at most {}", cursor.offset(),
                 count, what, cursor.remaining(), cursor.remaining() / smallest);
  return {};
}

}  // namespace

Result<GgufParser> GgufParser::start(std::span<const std::byte> bytes) {
  GgufParser parser(bytes);
  ABI_TRY(parser.read_header());
  ABI_TRY(parser.read_metadata());
  ABI_TRY(parser.read_alignment());
  return parser;
}

const GgufValue* GgufParser::find(std::string_view key) const noexcept {
  const GgufEntry* entry = index.find(entries, key);
  return entry ? &entry->value : nullptr;
}

std::uint64_t GgufParser::offset_of(std::string_view text) const noexcept {
  return static_cast<std::uint64_t>(text.data() - reinterpret_cast<const char*>(bytes.data())) - sizeof(std::uint64_t);
}

Result<void> GgufParser::read_header() {
  ABI_TRY(const auto magic, cursor.read<std::uint32_t>("the magic number"));
  if (magic == kSwappedMagic)
    return error(ErrorCode::unsupported,
                 "at byte 0: the magic number is byte-swapped: the file is big-endian, only "
                 "little-endian files are read");
  if (magic != kMagic)
    return error(ErrorCode::corrupt, "at byte 0: the magic number is {:#010x}, expected {:#010x} (\"GGUF\")", magic, kMagic);

  ABI_TRY(version, cursor.read<std::uint32_t>("the version"));
  if ((version & 0xffff) == 0 && version != 0)
    return error(ErrorCode::unsupported,
                 "at byte 4: the version is {:#010x}: the file is big-endian, only little-endian files "
                 "are read",
                 version);
  if (version < kOldestVersion || version > kNewestVersion)
    return error(ErrorCode::unsupported, "at byte 4: the version is {}, expected {} or {}", version, kOldestVersion,
                 kNewestVersion);

  ABI_TRY(tensor_count, cursor.read<std::uint64_t>("the number of tensors"));
  ABI_TRY(metadata_count, cursor.read<std::uint64_t>("the number of metadata entries"));
  ABI_TRY(check_count(cursor, tensor_count, kMinTensorBytes, "tensors"));
  ABI_TRY(check_count(cursor, metadata_count, kMinEntryBytes, "metadata entries"));
  if (metadata_count > kMaxMetadata)
    return error(ErrorCode::unsupported, "at byte 16: the file has {} metadata entries, expected at most {}", metadata_count,
                 kMaxMetadata);
  if (tensor_count > kMaxTensors)
    return error(ErrorCode::unsupported, "at byte 8: the file has {} tensors, expected at most {}", tensor_count, kMaxTensors);
  return {};
}

Result<void> GgufParser::read_metadata() {
  entries.reserve(static_cast<std::size_t>(metadata_count));
  for (std::uint64_t i = 0; i < metadata_count; ++i) {
    auto key = read_name("a key");
    if (!key) return within(format("metadata entry {}", i), std::move(key).error());
    auto value = read_value(*key);
    if (!value) return within(format("metadata entry {} '{}'", i, shown(*key)), std::move(value).error());
    entries.push_back({*key, *value});
  }
  if (const GgufEntry* twice = index.build(entries))
    return error(ErrorCode::corrupt, "at byte {}: the key '{}' is there a second time, expected once", offset_of(twice->key),
                 shown(twice->key));
  return {};
}

Result<std::string_view> GgufParser::read_name(std::string_view what) {
  const std::uint64_t start = cursor.offset();
  ABI_TRY(const std::string_view text, cursor.string(what));
  if (text.empty() || text.size() > kMaxNameBytes)
    return error(ErrorCode::corrupt, "at byte {}: {} has {} bytes, expected 1 to {}", start, what, text.size(), kMaxNameBytes);
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return error(ErrorCode::corrupt, "at byte {}: {} '{}' has a NUL, expected text", start + 8 + nul, what, shown(text));
  return text;
}

Result<GgufType> GgufParser::read_type(std::string_view what) {
  const std::uint64_t start = cursor.offset();
  ABI_TRY(const auto number, cursor.read<std::uint32_t>(what));
  if (number > static_cast<std::uint32_t>(GgufType::f64))
    return error(ErrorCode::corrupt, "at byte {}: {} is {}, expected 0 to {}", start, what, number,
                 static_cast<std::uint32_t>(GgufType::f64));
  return static_cast<GgufType>(number);
}

GgufValue GgufParser::scalar(std::string_view key, GgufType type, std::span<const std::byte> data) noexcept {
  GgufValue value;
  value.key_ = key;
  value.type_ = value.element_type_ = type;
  value.bytes_ = data;
  return value;
}

Result<GgufValue> GgufParser::read_value(std::string_view key) {
  ABI_TRY(const GgufType type, read_type("the value's type"));
  return type == GgufType::array ? read_array(key) : read_scalar(key, type);
}

Result<GgufValue> GgufParser::read_scalar(std::string_view key, GgufType type) {
  if (type == GgufType::string) {
    ABI_TRY(const std::string_view text, cursor.string("a string"));
    return scalar(key, type, std::as_bytes(std::span(text)));
  }
  ABI_TRY(const auto data, cursor.take(stored_bytes(type), "the value"));
  if (type == GgufType::boolean) ABI_TRY(check_booleans(data));
  return scalar(key, type, data);
}

Result<GgufValue> GgufParser::read_array(std::string_view key) {
  const std::uint64_t start = cursor.offset();
  ABI_TRY(const GgufType type, read_type("the type of the elements"));
  if (type == GgufType::array)
    return error(ErrorCode::unsupported, "at byte {}: the elements are arrays themselves, expected scalars", start);
  ABI_TRY(const auto count, cursor.read<std::uint64_t>("the number of elements"));
  ABI_TRY(check_count(cursor, count, stored_bytes(type), "elements"));

  const std::byte* first = cursor.position();
  const std::uint64_t data_start = cursor.offset();
  if (type == GgufType::string) {
    for (std::uint64_t i = 0; i < count; ++i) ABI_TRY(cursor.string("an element"));
  } else {
    ABI_TRY(const auto data, cursor.take(count * stored_bytes(type), "the elements"));
    if (type == GgufType::boolean) ABI_TRY(check_booleans(data));
  }
  GgufValue value = scalar(key, type, {first, static_cast<std::size_t>(cursor.offset() - data_start)});
  value.type_ = GgufType::array;
  value.count_ = count;
  return value;
}

Result<void> GgufParser::check_booleans(std::span<const std::byte> values) const {
  const auto bad = std::ranges::find_if(values, [](std::byte b) { return b > std::byte{1}; });
  if (bad == values.end()) return {};
  const auto at = static_cast<std::uint64_t>(&*bad - bytes.data());
  return error(ErrorCode::corrupt, "at byte {}: a boolean is {}, expected 0 or 1", at, static_cast<unsigned>(*bad));
}

Result<void> GgufParser::read_alignment() {
  alignment = kDefaultAlignment;
  const GgufValue* value = find(kAlignmentKey);
  if (!value) return {};
  const auto number = value->to_unsigned();
  const std::uint64_t at = offset_of(value->key_);
  if (!number) return error(ErrorCode::corrupt, "at byte {}: {}", at, number.error().message);
  if (!std::has_single_bit(*number) || *number < kMinAlignment || *number > kMaxAlignment)
    return error(ErrorCode::corrupt, "at byte {}: {} is {}, expected a power of two from {} to {}", at, kAlignmentKey, *number,
                 kMinAlignment, kMaxAlignment);
  alignment = *number;
  return {};
}

}  // namespace libabi::llm
