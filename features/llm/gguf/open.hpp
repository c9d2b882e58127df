#pragma once

#include "gguf/name_index.hpp"

#include <abi/memory/mapped_file.hpp>

namespace libabi::llm {

struct GgufShard {
  memory::MappedFile mapping;  // empty where the bytes are the caller's
  std::span<const std::byte> bytes;
  std::filesystem::path path;
};

/// What a GgufFile holds.
struct GgufContents {
  std::vector<GgufShard> shards;
  std::uint32_t version = 0;
  std::uint64_t alignment = 0;
  std::vector<GgufEntry> entries;
  NameIndex entry_index;
  std::vector<GgufTensor> tensors;
  NameIndex tensor_index;
};

Result<GgufContents> open_gguf(const std::filesystem::path& file, const GgufOptions& options);
Result<GgufContents> parse_gguf(std::span<const std::byte> bytes, std::string_view name);

}  // namespace libabi::llm
