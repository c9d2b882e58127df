#pragma once

#include "tokenizer/pattern.hpp"

namespace libabi::llm {

/// Reads a rule into the sets, items and alternatives of a Pattern.
class PatternParser {
 public:
  PatternParser(Pattern& pattern, std::string_view rule) : pattern_(pattern), rule_(rule) {}
  void parse();

 private:
  bool done() const { return at_ == rule_.size(); }
  bool take(std::string_view text);
  char32_t take_character();
  std::uint32_t take_number(std::uint32_t base);
  void item();
  Pattern::Set atom();
  Pattern::Set bracket();
  /// What stands behind a backslash: adds it to the set and returns the code point where it is a single one.
  char32_t escape(Pattern::Set& set);
  void quantifier(Pattern::Item& item);

  Pattern& pattern_;
  std::string_view rule_;
  std::size_t at_ = 0;
};

}  // namespace libabi::llm
