#include "gguf/open.hpp"

#include "gguf/limits.hpp"
#include "gguf/parser.hpp"

#include <optional>

namespace libabi::llm {

namespace {

/// A name like "dir/model-00002-of-00003.gguf"; numbers from 1.
struct ShardName {
  std::string stem;  // "dir/model"
  std::uint64_t number = 0;
  std::uint64_t count = 0;

  std::filesystem::path path_of(std::uint64_t i) const { return format("{}-{:05}-of-{:05}.gguf", stem, i, count); }
};

std::optional<std::uint64_t> five_digits(std::string_view text) {
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

std::optional<ShardName> shard_name(const std::filesystem::path& file) {
  constexpr std::string_view shape = "-00000-of-00000.gguf";
  const std::string& text = file.native();
  if (text.size() < shape.size()) return {};
  const std::size_t at = text.size() - shape.size();
  const std::string_view tail = std::string_view(text).substr(at);
  const auto number = five_digits(tail.substr(1, 5)), count = five_digits(tail.substr(10, 5));
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-" || tail.substr(15) != ".gguf" || !number || !count) return {};
  if (*number == 0 || *number > *count) return {};
  return ShardName{text.substr(0, at), *number, *count};
}

/// What the keys of a shard say about the whole. A file without them is shard 0 of 1.
struct Split {
  std::uint64_t number = 0;
  std::uint64_t count = 1;
  std::optional<std::uint64_t> tensors;
};

Result<std::optional<std::uint64_t>> split_key(const GgufParser& parser, std::string_view key) {
  const GgufEntry* entry = parser.index.find(parser.entries, key);
  if (!entry) return std::nullopt;
  auto number = entry->value.to_unsigned();
  if (!number) return error(ErrorCode::corrupt, "at byte {}: {}", parser.offset_of(entry->key), number.error().message);
  return *number;
}

Result<Split> read_split(const GgufParser& parser) {
  ABI_TRY(const auto number, split_key(parser, kSplitNumberKey));
  ABI_TRY(const auto count, split_key(parser, kSplitCountKey));
  Split split{number.value_or(0), std::max<std::uint64_t>(count.value_or(1), 1), {}};
  ABI_TRY(split.tensors, split_key(parser, kSplitTensorsKey));
  return split;
}

/// A shard that is mapped and read as far as the end of its metadata.
struct OpenShard {
  GgufShard shard;
  GgufParser parser;
};

Result<OpenShard> start_shard(const std::filesystem::path& path) {
  ABI_TRY(auto mapping, memory::MappedFile::open(path));
  const auto bytes = mapping.bytes();
  auto parser = GgufParser::start(bytes);
  if (!parser) return within(path.native(), std::move(parser).error());
  return OpenShard{{std::move(mapping), bytes, path}, *std::move(parser)};
}

/// Opens shard `number` of a split whose first shard is known, and checks that it says the same of itself.
Result<OpenShard> follow_shard(const ShardName& name, std::uint64_t number) {
  ABI_TRY(OpenShard next, start_shard(name.path_of(number)));
  const auto split = read_split(next.parser);
  if (!split) return within(next.shard.path.native(), split.error());
  if (split->number != number - 1 || split->count != name.count)
    return error(ErrorCode::corrupt, "{}: {} is {} and {} is {}, expected {} and {}", next.shard.path, kSplitNumberKey,
                 split->number, kSplitCountKey, split->count, number - 1, name.count);
  // Only its tensors are wanted: the metadata of the whole is the first shard's.
  next.parser.entries = std::vector<GgufEntry>();
  next.parser.index = {};
  return next;
}

/// Reads the tensors of all shards and takes over the metadata of the first.
Result<GgufContents> assemble(std::vector<OpenShard> opened) {
  std::uint64_t total = 0;
  for (const OpenShard& each : opened) total += each.parser.tensor_count;
  if (total > kMaxTensors)
    return error(ErrorCode::unsupported, "{}: its shards have {} tensors, expected at most {}", opened[0].shard.path, total,
                 kMaxTensors);
  GgufContents contents;
  contents.tensors.reserve(static_cast<std::size_t>(total));
  contents.shards.reserve(opened.size());
  contents.version = opened[0].parser.version;
  contents.alignment = opened[0].parser.alignment;
  contents.entries = std::move(opened[0].parser.entries);
  contents.entry_index = std::move(opened[0].parser.index);
  for (OpenShard& each : opened) {
    auto read = each.parser.read_tensors(static_cast<std::uint32_t>(contents.shards.size()), contents.tensors);
    if (!read) return within(each.shard.path.native(), std::move(read).error());
    contents.shards.push_back(std::move(each.shard));
  }
  if (const GgufTensor* twice = contents.tensor_index.build(contents.tensors)) {
    const GgufShard& shard = contents.shards[twice->shard];
    const auto at = reinterpret_cast<const std::byte*>(twice->name.data()) - shard.bytes.data() - 8;
    return error(ErrorCode::corrupt, "{}: at byte {}: the tensor '{}' is there a second time, expected once", shard.path, at,
                 shown(twice->name));
  }
  return contents;
}

Result<std::vector<OpenShard>> open_shards(const std::filesystem::path& file, bool follow) {
  const auto name = shard_name(file);
  const bool from_another = follow && name && name->number != 1;
  std::vector<OpenShard> opened;
  ABI_TRY(OpenShard first, start_shard(from_another ? name->path_of(1) : file));
  auto split = read_split(first.parser);
  if (!split) return within(first.shard.path.native(), std::move(split).error());
  opened.push_back(std::move(first));
  if (!follow || (split->count == 1 && !from_another)) return opened;

  const std::filesystem::path& path = opened[0].shard.path;
  if (!name || name->count != split->count)
    return error(ErrorCode::invalid_argument,
                 "{}: the file is one of {} shards, expected a name that ends in -00001-of-{:05}.gguf", path, split->count,
                 split->count);
  if (split->number != 0)
    return error(ErrorCode::corrupt, "{}: {} is {}, expected 0 as its name says", path, kSplitNumberKey, split->number);
  std::uint64_t total = opened[0].parser.tensor_count;
  for (std::uint64_t number = 2; number <= split->count; ++number) {
    ABI_TRY(OpenShard next, follow_shard(*name, number));
    total += next.parser.tensor_count;
    opened.push_back(std::move(next));
  }
  if (split->tensors && *split->tensors != total)
    return error(ErrorCode::corrupt, "{}: {} is {}, the shards have {} tensors", opened[0].shard.path, kSplitTensorsKey,
                 *split->tensors, total);
  return opened;
}

}  // namespace

Result<GgufContents> open_gguf(const std::filesystem::path& file, const GgufOptions& options) {
  ABI_TRY(auto opened, open_shards(file, options.follow_shards));
  return assemble(std::move(opened));
}

Result<GgufContents> parse_gguf(std::span<const std::byte> bytes, std::string_view name) {
  auto parser = GgufParser::start(bytes);
  if (!parser) return within(name, std::move(parser).error());
  std::vector<OpenShard> opened;
  opened.push_back({{{}, bytes, std::filesystem::path(name)}, *std::move(parser)});
  return assemble(std::move(opened));
}

}  // namespace libabi::llm
