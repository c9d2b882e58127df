#pragma once

#include "gguf/limits.hpp"
#include "gguf/scalar.hpp"

#include <map>
#include <set>

namespace libabi::llm {

/// What a GgufWriter has collected.
struct GgufDraft {
  using Bytes = std::vector<std::byte>;

  struct Entry {
    std::string key;
    Bytes value;  // as the file holds it, with its type
  };
  struct Tensor {
    std::string name;
    const quant::Format* format;
    std::vector<std::uint64_t> dims;
    std::uint64_t row_bytes = 0;
    std::uint64_t bytes = 0;
    GgufWriter::Source source;
  };

  std::vector<Entry> entries;
  std::map<std::string, std::size_t, std::less<>> entry_of;  // by key
  std::vector<Tensor> tensors;
  std::set<std::string, std::less<>> tensor_names;
  std::uint64_t alignment = kDefaultAlignment;
  Result<void> status;  // the first error of an add(), which has no other way to tell it

  void put(std::string_view key, Bytes value);
  Result<void> put_tensor(std::string_view name, const quant::Format& format, std::span<const std::uint64_t> dims,
                          GgufWriter::Source source);
  void fail(Error error);

  /// Everything before the data, padded to the alignment. Errors: invalid_argument where the data exceed 63 bits.
  Result<Bytes> head() const;
  Result<void> write(const std::filesystem::path& file, const std::function<bool(double)>& progress) const;
};

inline void append_bytes(GgufDraft::Bytes& out, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  out.resize(out.size() + bytes.size());
  std::memcpy(out.data() + out.size() - bytes.size(), bytes.data(), bytes.size());
}

template <class T>
void append(GgufDraft::Bytes& out, const T& value) {
  append_bytes(out, std::as_bytes(std::span(&value, 1)));
}

inline void append_string(GgufDraft::Bytes& out, std::string_view text) {
  append<std::uint64_t>(out, text.size());
  append_bytes(out, std::as_bytes(std::span(text)));
}

}  // namespace libabi::llm
