#pragma once

#include "gguf/scalar.hpp"

namespace libabi::llm {

/// Walks through the bytes of a shard and never past their end. Errors: corrupt, with the offset.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint64_t offset() const noexcept { return at_; }
  std::uint64_t remaining() const noexcept { return bytes_.size() - at_; }
  const std::byte* position() const noexcept { return bytes_.data() + at_; }

  Result<std::span<const std::byte>> take(std::uint64_t count, std::string_view what) {
    if (count > remaining())
      return error(ErrorCode::corrupt, "at byte {}: {} takes {} bytes, {} remain", at_, what, count, remaining());
    const auto taken = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += taken.size();
    return taken;
  }

  template <class T>
  Result<T> read(std::string_view what) {
    ABI_TRY(const auto bytes, take(sizeof(T), what));
    return load<T>(bytes.data());
  }

  /// A string: length u64, then its bytes.
  Result<std::string_view> string(std::string_view what) {
    const std::uint64_t start = at_;
    ABI_TRY(const auto length, read<std::uint64_t>(what));
    if (length > remaining())
      return error(ErrorCode::corrupt, "at byte {}: {} has a length of {}, {} bytes remain", start, what, length, remaining());
    ABI_TRY(const auto bytes, take(length, what));
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace libabi::llm
