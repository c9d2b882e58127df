#pragma once
/// UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace libabi::llm {

inline constexpr char32_t kReplacement = 0xFFFD;

/// A character, or one byte that is part of none: then `code` is U+FFFD and `bytes` is 1.
struct Decoded {
  char32_t code;
  std::uint32_t bytes;
  constexpr bool valid() const noexcept { return code != kReplacement || bytes != 1; }
};

/// What a lead byte promises: the length of its sequence (0 where it leads none) and the bounds of the second byte.
struct Lead {
  std::uint8_t bytes, low, high;
};
constexpr Lead lead_of(unsigned char byte) noexcept {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

/// The character at text[at]; `at` is inside.
constexpr Decoded decode_utf8(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  constexpr Decoded invalid{kReplacement, 1};
  const Lead lead = lead_of(first);
  if (lead.bytes == 0 || lead.bytes > text.size() - at || byte(1) < lead.low || byte(1) > lead.high) return invalid;
  char32_t code = first & (0x7Fu >> lead.bytes);
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return invalid;
    code = (code << 6) | (byte(i) & 0x3F);
  }
  return {code, lead.bytes};
}

/// Where the character begins that ends before text[at]; `at` is above 0 and between two characters.
constexpr std::size_t previous(std::string_view text, std::size_t at) noexcept {
  for (std::size_t bytes = at < 4 ? at : 4; bytes > 1; --bytes)
    if (decode_utf8(text, at - bytes).bytes == bytes) return at - bytes;
  return at - 1;
}

inline void append_utf8(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out += static_cast<char>(((0xF0u << (3 - more)) & 0xF0u) | (code >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80u | (code >> (6 * i) & 0x3Fu));
}

}  // namespace libabi::llm
