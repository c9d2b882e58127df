#include "tokenizer/utf8.hpp"

#include <abi/llm/tokenizer.hpp>

#include <algorithm>

namespace libabi::llm {

namespace {

/// Bytes at the end of the text that may begin a character whose rest is still to come.
std::size_t incomplete_bytes(std::string_view text) noexcept {
  for (std::size_t bytes = 1; bytes <= std::min<std::size_t>(3, text.size()); ++bytes) {
    const std::string_view tail = text.substr(text.size() - bytes);
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(tail[i]); };
    if ((byte(0) & 0xC0) == 0x80) continue;  // continues something further left
    const Lead lead = lead_of(byte(0));
    const bool second_fits = bytes < 2 || (byte(1) >= lead.low && byte(1) <= lead.high);
    return bytes < lead.bytes && second_fits ? bytes : 0;
  }
  return 0;
}

}  // namespace

std::string Utf8Joiner::push(std::string_view bytes) {
  held_ += bytes;
  const std::size_t whole = held_.size() - incomplete_bytes(held_);
  std::string result = held_.substr(0, whole);
  held_.erase(0, whole);
  return result;
}

std::string Utf8Joiner::flush() { return std::exchange(held_, {}); }

}  // namespace libabi::llm
