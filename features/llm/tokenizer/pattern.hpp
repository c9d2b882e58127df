#pragma once
/// A rule that finds words in text: the small part of regular expressions that pre-tokenizers are written in.
///
///   a|b            the first alternative that matches
///   x? x* x+ x{m,n}    greedy, gives back what the rest needs
///   \s \S \p{L} \p{Lu} \r \n \x{4E00}    white space, general categories, code points
///   [a-z\p{N}] [^...]    sets
///   (?!x)          x does not follow
///
/// One pass over the text, no allocation while matching. White space is the property White_Space. A byte that is not
/// UTF-8 counts as U+FFFD.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace libabi::llm {

class Pattern {
 public:
  /// The rules are our own: a mistake in one is a failed check.
  explicit Pattern(std::string_view rule);

  /// Bytes of the match that begins at text[at], which is inside; 0 where none does.
  std::size_t match(std::string_view text, std::size_t at) const noexcept;

  std::uint64_t memory_bytes() const noexcept;

 private:
  friend class PatternParser;
  /// The general categories and U+0085, the only white space beyond ASCII that is no separator.
  static constexpr std::size_t kKinds = 31;

  struct Range {
    char32_t first, last;
    bool operator==(const Range&) const = default;
  };
  /// Characters; its place in sets_ is its bit.
  struct Set {
    std::uint32_t kinds = 0;
    std::vector<Range> ranges;
    bool negated = false;
    bool operator==(const Set&) const = default;
    bool has_range(char32_t code) const noexcept;
  };
  struct Item {
    std::uint64_t set;
    std::uint32_t min, max;
    bool must_not_follow;
  };
  struct Alternative {
    std::uint64_t begins;       // the sets, one of which the first character is in
    std::uint32_t first, last;  // items
  };

  static std::size_t kind_of(char32_t code) noexcept;
  /// A bit for every set that the character is in.
  std::uint64_t sets_of(char32_t code) const noexcept;
  std::uint64_t add_set(Set set);
  void finish();
  std::size_t run(const Item* item, const Item* last, std::string_view text, std::size_t at) const noexcept;

  std::vector<Set> sets_;
  std::vector<Item> items_;
  std::vector<Alternative> alternatives_;
  std::vector<std::uint32_t> ranged_;  // sets with ranges beyond ASCII
  std::array<std::uint64_t, 128> ascii_{};
  std::array<std::uint64_t, kKinds> kinds_{};
};

}  // namespace libabi::llm
