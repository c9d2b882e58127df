#pragma once
/// GPT-2's alphabet of bytes: printable characters of Latin-1 stand for themselves, the other 68 bytes for U+0100 and up, in
/// their order. Radford et al., 2019.

#include <array>
#include <cstdint>
#include <string>

namespace libabi::llm {

constexpr bool stands_for_itself(unsigned byte) noexcept {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

inline constexpr std::array<std::uint16_t, 256> kByteCharacters = [] {
  std::array<std::uint16_t, 256> characters{};
  std::uint16_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte)
    characters[byte] = stands_for_itself(byte) ? static_cast<std::uint16_t>(byte) : next++;
  return characters;
}();

/// The byte that a character stands for, or -1.
inline constexpr std::array<std::int16_t, 0x144> kCharacterBytes = [] {
  std::array<std::int16_t, 0x144> bytes{};
  bytes.fill(-1);
  for (unsigned byte = 0; byte < 256; ++byte) bytes[kByteCharacters[byte]] = static_cast<std::int16_t>(byte);
  return bytes;
}();
constexpr int byte_of_character(char32_t code) noexcept { return code < kCharacterBytes.size() ? kCharacterBytes[code] : -1; }

/// Appends the character of a byte, one or two bytes of UTF-8.
inline void append_byte_character(std::string& out, unsigned char byte) {
  const unsigned code = kByteCharacters[byte];
  if (code >= 0x80) out += static_cast<char>(0xC0 | code >> 6);
  out += static_cast<char>(code >= 0x80 ? 0x80 | (code & 0x3F) : code);
}

}  // namespace libabi::llm
