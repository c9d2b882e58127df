#pragma once

#include <abi/llm/gguf.hpp>

#include <cstring>
#include <string_view>
#include <vector>

/// Puts a GGUF file together byte by byte, right or wrong.
class GgufBytes {
 public:
  GgufBytes() = default;
  GgufBytes(std::uint64_t tensors, std::uint64_t entries, std::uint32_t version = 3) {
    raw("GGUF").put(version).put(tensors).put(entries);
  }

  template <class T>
  GgufBytes& put(T value) {
    bytes_.resize(bytes_.size() + sizeof value);
    std::memcpy(bytes_.data() + bytes_.size() - sizeof value, &value, sizeof value);
    return *this;
  }
  GgufBytes& raw(std::string_view text) {
    for (const char c : text) put(c);
    return *this;
  }
  GgufBytes& string(std::string_view text) { return put<std::uint64_t>(text.size()).raw(text); }

  template <class T>
  GgufBytes& entry(std::string_view key, libabi::llm::GgufType type, T value) {
    return string(key).put(type).put(value);
  }
  GgufBytes& text_entry(std::string_view key, std::string_view value) {
    return string(key).put(libabi::llm::GgufType::string).string(value);
  }
  /// The head of an array; its elements follow.
  GgufBytes& array(std::string_view key, libabi::llm::GgufType element, std::uint64_t count) {
    return string(key).put(libabi::llm::GgufType::array).put(element).put(count);
  }
  GgufBytes& tensor(std::string_view name, const std::vector<std::uint64_t>& dims, std::uint32_t type, std::uint64_t offset) {
    string(name).put(static_cast<std::uint32_t>(dims.size()));
    for (const std::uint64_t dim : dims) put(dim);
    return put(type).put(offset);
  }
  GgufBytes& pad(std::size_t alignment = 32) {
    while (bytes_.size() % alignment != 0) put(std::byte{0});
    return *this;
  }
  /// Zeros, the data of tensors.
  GgufBytes& data(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }

  std::size_t size() const { return bytes_.size(); }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  libabi::Result<libabi::llm::GgufFile> parse() const { return libabi::llm::GgufFile::parse(bytes_, "test"); }

 private:
  std::vector<std::byte> bytes_;
};
