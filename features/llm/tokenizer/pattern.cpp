#include "tokenizer/pattern.hpp"

#include "tokenizer/pattern_parser.hpp"
#include "tokenizer/unicode/unicode.hpp"
#include "tokenizer/utf8.hpp"

#include <abi/base/check.hpp>

#include <algorithm>

namespace libabi::llm {

namespace {
constexpr std::size_t kNoMatch = static_cast<std::size_t>(-1);
}

Pattern::Pattern(std::string_view rule) {
  PatternParser(*this, rule).parse();
  finish();
}

std::size_t Pattern::kind_of(char32_t code) noexcept {
  return code == 0x85 ? unicode::kCategories : static_cast<std::size_t>(unicode::category(code));
}

bool Pattern::Set::has_range(char32_t code) const noexcept {
  return std::ranges::any_of(ranges, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

std::uint64_t Pattern::add_set(Set set) {
  const auto same = std::ranges::find(sets_, set);
  const auto place = static_cast<std::size_t>(same - sets_.begin());
  ABI_CHECK(place < 64);
  if (same == sets_.end()) sets_.push_back(std::move(set));
  return std::uint64_t{1} << place;
}

void Pattern::finish() {
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    const Set& set = sets_[i];
    const std::uint64_t bit = std::uint64_t{1} << i;
    for (char32_t code = 0; code < ascii_.size(); ++code)
      if (((set.kinds >> kind_of(code) & 1u) || set.has_range(code)) != set.negated) ascii_[code] |= bit;
    for (std::size_t kind = 0; kind < kKinds; ++kind)
      if ((set.kinds >> kind & 1u) != set.negated) kinds_[kind] |= bit;
    if (std::ranges::any_of(set.ranges, [](const Range& range) { return range.last >= 0x80; }))
      ranged_.push_back(static_cast<std::uint32_t>(i));
  }
}

std::uint64_t Pattern::sets_of(char32_t code) const noexcept {
  if (code < ascii_.size()) return ascii_[code];
  std::uint64_t sets = kinds_[kind_of(code)];
  for (const std::uint32_t i : ranged_) {
    if (!sets_[i].has_range(code)) continue;
    const std::uint64_t bit = std::uint64_t{1} << i;
    sets = sets_[i].negated ? sets & ~bit : sets | bit;
  }
  return sets;
}

std::size_t Pattern::match(std::string_view text, std::size_t at) const noexcept {
  const std::uint64_t begins = sets_of(decode_utf8(text, at).code);
  for (const Alternative& alternative : alternatives_) {
    if ((alternative.begins & begins) == 0) continue;
    const std::size_t end = run(items_.data() + alternative.first, items_.data() + alternative.last, text, at);
    if (end != kNoMatch) return end - at;
  }
  return 0;
}

/// The end of the match of the items from `at` on, or kNoMatch. As deep as the alternative has items.
std::size_t Pattern::run(const Item* item, const Item* last, std::string_view text, std::size_t at) const noexcept {
  if (item == last) return at;
  if (item->must_not_follow) {
    if (at < text.size() && (sets_of(decode_utf8(text, at).code) & item->set) != 0) return kNoMatch;
    return run(item + 1, last, text, at);
  }
  std::uint32_t count = 0;
  std::size_t end = at;
  while (count < item->max && end < text.size()) {
    const Decoded character = decode_utf8(text, end);
    if ((sets_of(character.code) & item->set) == 0) break;
    end += character.bytes;
    ++count;
  }
  if (count < item->min) return kNoMatch;
  for (;;) {
    const std::size_t whole = run(item + 1, last, text, end);
    if (whole != kNoMatch || count == item->min) return whole;
    end = previous(text, end);
    --count;
  }
}

std::uint64_t Pattern::memory_bytes() const noexcept {
  return sizeof(Pattern) + sets_.capacity() * sizeof(Set) + items_.capacity() * sizeof(Item) +
         alternatives_.capacity() * sizeof(Alternative) + ranged_.capacity() * sizeof(std::uint32_t);
}

}  // namespace libabi::llm
