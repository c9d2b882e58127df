#include "tokenizer/unicode/unicode.hpp"

#include <algorithm>
#include <iterator>

namespace libabi::llm::unicode {

namespace {

struct LowerRun {
  std::uint32_t first, last, step;
  std::int32_t delta;
};

#include "tokenizer/unicode/tables.inc"

constexpr char32_t kEnd = 0x110000;
constexpr std::size_t kBlock = 256;

/// The value beside `code` in an array of sorted pairs, or `fallback`.
template <std::size_t n>
std::uint32_t value_of(const std::uint32_t (&pairs)[n], char32_t code, std::uint32_t fallback) noexcept {
  std::size_t low = 0, high = n / 2;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (pairs[2 * middle] < code)
      low = middle + 1;
    else
      high = middle;
  }
  return low < n / 2 && pairs[2 * low] == code ? pairs[2 * low + 1] : fallback;
}

// Hangul syllables decompose by arithmetic: The Unicode Standard, section 3.12.
constexpr char32_t kSyllables = 0xAC00, kLeading = 0x1100, kVowels = 0x1161, kTrailing = 0x11A7;
constexpr char32_t kVowelCount = 21, kTrailingCount = 28, kSyllableCount = 11172;

}  // namespace

std::string_view version() noexcept { return kUnicodeVersion; }

Category category(char32_t code) noexcept {
  if (code >= kEnd) return Category::cn;
  const std::size_t block = kCategoryBlock[code / kBlock];
  return static_cast<Category>(kCategoryLetters[block * kBlock + code % kBlock] - 'A');
}

bool is_white_space(char32_t code) noexcept {
  if (code < 0x80) return code == ' ' || (code >= '\t' && code <= '\r');
  return code == 0x85 || (bit(category(code)) & kSeparator) != 0;
}

void append_lower(std::u32string& out, char32_t code) {
  if (code == 0x130) {
    out += {U'i', char32_t{0x307}};
    return;
  }
  const auto* run = std::upper_bound(std::begin(kLower), std::end(kLower), code,
                                     [](char32_t value, const LowerRun& each) { return value < each.first; });
  if (run != std::begin(kLower)) {
    --run;
    if (code <= run->last && (code - run->first) % run->step == 0) code += static_cast<char32_t>(run->delta);
  }
  out += code;
}

void append_bare(std::u32string& out, char32_t code) {
  if (code < 0xC0) {
    out += code;
    return;
  }
  if (code - kSyllables < kSyllableCount) {
    const char32_t index = code - kSyllables;
    out.push_back(kLeading + index / (kVowelCount * kTrailingCount));
    out.push_back(kVowels + index % (kVowelCount * kTrailingCount) / kTrailingCount);
    if (index % kTrailingCount != 0) out.push_back(kTrailing + index % kTrailingCount);
    return;
  }
  if (category(code) == Category::mn) return;
  const std::uint32_t value = value_of(kBare, code, code);
  if (value < kEnd || code >= kEnd) {
    out.push_back(value);
    return;
  }
  const std::uint32_t* sequence = kBareSequences + (value - kEnd);
  for (std::uint32_t i = 1; i <= sequence[0]; ++i) out.push_back(sequence[i]);
}

std::uint8_t combining_class(char32_t code) noexcept {
  return static_cast<std::uint8_t>(code < 0x300 ? 0 : value_of(kCombining, code, 0));
}

}  // namespace libabi::llm::unicode
