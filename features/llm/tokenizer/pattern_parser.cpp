#include "tokenizer/pattern_parser.hpp"

#include "tokenizer/unicode/unicode.hpp"
#include "tokenizer/utf8.hpp"

#include <abi/base/check.hpp>

#include <limits>

namespace libabi::llm {

namespace {

constexpr char32_t kNoCode = 0xFFFFFFFF;
constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kNextLine = 1u << unicode::kCategories;  // the kind of U+0085

/// The categories of "L" or "Lu".
std::uint32_t categories_of(std::string_view name) {
  constexpr std::string_view names = "CcCfCnCoCsLlLmLoLtLuMcMeMnNdNlNoPcPdPePfPiPoPsScSkSmSoZlZpZs";
  std::uint32_t kinds = 0;
  for (std::size_t i = 0; i < unicode::kCategories; ++i)
    if (names.substr(2 * i, 2).starts_with(name)) kinds |= 1u << i;
  ABI_CHECK(kinds != 0 && !name.empty());
  // U+0085 is a control character.
  if (kinds & unicode::bit(unicode::Category::cc)) kinds |= kNextLine;
  return kinds;
}

}  // namespace

bool PatternParser::take(std::string_view text) {
  if (!rule_.substr(at_).starts_with(text)) return false;
  at_ += text.size();
  return true;
}

char32_t PatternParser::take_character() {
  ABI_CHECK(!done());
  const Decoded character = decode_utf8(rule_, at_);
  ABI_CHECK(character.valid());
  at_ += character.bytes;
  return character.code;
}

std::uint32_t PatternParser::take_number(std::uint32_t base) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::uint32_t value = 0;
  const std::size_t begin = at_;
  for (; !done() && digits.substr(0, base).contains(rule_[at_]); ++at_)
    value = value * base + static_cast<std::uint32_t>(digits.find(rule_[at_]));
  ABI_CHECK(at_ > begin);
  return value;
}

void PatternParser::parse() {
  do {
    Pattern::Alternative alternative{.begins = 0, .first = static_cast<std::uint32_t>(pattern_.items_.size()), .last = 0};
    while (!done() && rule_[at_] != '|') item();
    alternative.last = static_cast<std::uint32_t>(pattern_.items_.size());
    ABI_CHECK(alternative.last > alternative.first);
    for (std::uint32_t i = alternative.first; i < alternative.last; ++i) {
      alternative.begins |= pattern_.items_[i].set;
      if (pattern_.items_[i].min > 0) break;
      ABI_CHECK(i + 1 < alternative.last);  // an alternative that may be empty matches nothing of use
    }
    pattern_.alternatives_.push_back(alternative);
  } while (take("|"));
  ABI_CHECK(done());
}

void PatternParser::item() {
  Pattern::Item item{.set = 0, .min = 1, .max = 1, .must_not_follow = take("(?!")};
  ABI_CHECK(item.must_not_follow || !take("("));
  item.set = pattern_.add_set(atom());
  if (item.must_not_follow)
    ABI_CHECK(take(")"));
  else
    quantifier(item);
  pattern_.items_.push_back(item);
}

void PatternParser::quantifier(Pattern::Item& item) {
  if (take("?")) {
    item.min = 0;
  } else if (take("*")) {
    item.min = 0;
    item.max = kUnbounded;
  } else if (take("+")) {
    item.max = kUnbounded;
  } else if (take("{")) {
    item.min = take_number(10);
    item.max = take(",") ? take_number(10) : item.min;
    ABI_CHECK(take("}") && item.min <= item.max && item.max > 0);
  }
}

Pattern::Set PatternParser::atom() {
  if (take("[")) return bracket();
  Pattern::Set set;
  const char32_t code = take("\\") ? escape(set) : take_character();
  if (code != kNoCode) set.ranges.push_back({code, code});
  return set;
}

Pattern::Set PatternParser::bracket() {
  Pattern::Set set;
  set.negated = take("^");
  while (!take("]")) {
    const char32_t first = take("\\") ? escape(set) : take_character();
    if (first == kNoCode) continue;
    char32_t last = first;
    if (rule_.substr(at_).starts_with("-") && !rule_.substr(at_).starts_with("-]")) {
      ++at_;
      last = take("\\") ? escape(set) : take_character();
      ABI_CHECK(last != kNoCode && first <= last);
    }
    set.ranges.push_back({first, last});
  }
  return set;
}

char32_t PatternParser::escape(Pattern::Set& set) {
  const auto code = take_character();
  switch (code) {
    case 's':
    case 'S':
      ABI_CHECK(set.kinds == 0 || code == 's');
      set.kinds |= unicode::kSeparator | kNextLine;
      set.ranges.push_back({'\t', '\r'});
      set.negated ^= code == 'S';
      return kNoCode;
    case 'p': {
      ABI_CHECK(take("{"));
      const std::size_t end = rule_.find('}', at_);
      ABI_CHECK(end != std::string_view::npos);
      set.kinds |= categories_of(rule_.substr(at_, end - at_));
      at_ = end + 1;
      return kNoCode;
    }
    case 'x': {
      ABI_CHECK(take("{"));
      const std::uint32_t value = take_number(16);
      ABI_CHECK(take("}"));
      return value;
    }
    case 'r': return '\r';
    case 'n': return '\n';
    case 't': return '\t';
    default: ABI_CHECK(code < 0x80 && !(code >= 'a' && code <= 'z') && !(code >= 'A' && code <= 'Z')); return code;
  }
}

}  // namespace libabi::llm
