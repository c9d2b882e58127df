#pragma once
/// What the tokenizers ask of the Unicode database. Tables: tables.inc, made by generate.py.

#include <cstdint>
#include <string>
#include <string_view>

namespace libabi::llm::unicode {

/// General categories, in the order of their names.
enum class Category : std::uint8_t {
  cc,
  cf,
  cn,
  co,
  cs,
  ll,
  lm,
  lo,
  lt,
  lu,
  mc,
  me,
  mn,
  nd,
  nl,
  no,
  pc,
  pd,
  pe,
  pf,
  pi,
  po,
  ps,
  sc,
  sk,
  sm,
  so,
  zl,
  zp,
  zs
};
inline constexpr std::size_t kCategories = 30;

constexpr std::uint32_t bit(Category category) noexcept { return 1u << static_cast<unsigned>(category); }
/// Sets of categories as bits.
inline constexpr std::uint32_t kOther = 0b11111;
inline constexpr std::uint32_t kLetter = 0b11111u << 5;
inline constexpr std::uint32_t kMark = 0b111u << 10;
inline constexpr std::uint32_t kNumber = 0b111u << 13;
inline constexpr std::uint32_t kPunctuation = 0b1111111u << 16;
inline constexpr std::uint32_t kSymbol = 0b1111u << 23;
inline constexpr std::uint32_t kSeparator = 0b111u << 27;

/// Of the database that the tables were made from: "15.1.0".
std::string_view version() noexcept;
/// Anything above U+10FFFF is unassigned.
Category category(char32_t code) noexcept;
/// The property White_Space.
bool is_white_space(char32_t code) noexcept;
/// The full lower case without context: one character, but for U+0130, which becomes two.
void append_lower(std::u32string& out, char32_t code);
/// Canonical decomposition without the nonspacing marks.
void append_bare(std::u32string& out, char32_t code);
/// The canonical combining class of a mark that append_bare keeps, else 0.
std::uint8_t combining_class(char32_t code) noexcept;

}  // namespace libabi::llm::unicode
