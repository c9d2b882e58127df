#pragma once
/// How BERT reads text, by the normaliser and pre-tokenizer of its makers: control characters go, white space is a space,
/// ideographs stand alone, accents and case are taken off, words end at white space and around punctuation.

#include "tokenizer/unicode/unicode.hpp"
#include "tokenizer/utf8.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace libabi::llm {

struct BertRules {
  bool lowercase = true;
  bool strip_accents = true;
};

/// Calls word(text, characters) with each word, in UTF-8. The view is good during the call. Not thread-safe.
template <class Word>
class BertWords {
 public:
  BertWords(const BertRules& rules, Word word) : rules_(rules), word_(std::move(word)) {}

  /// A text; words end with it.
  void read(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte < 0x80) {
        ascii(byte);
        ++at;
      } else {
        const Decoded character = decode_utf8(text, at);
        other(character.code);
        at += character.bytes;
      }
    }
    end_word();
  }

 private:
  void ascii(unsigned char c) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return end_word();
    if (c < 0x20 || c == 0x7F) return;
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && rules_.lowercase) c |= 0x20;
    if (is_punctuation(c)) return alone(c);
    append(c);
  }

  void other(char32_t code) {
    // What is not UTF-8 counts as U+FFFD, which goes.
    if (code == kReplacement || is_removed(code)) return;
    if (unicode::is_white_space(code)) return end_word();
    const bool ideograph = is_ideograph(code);
    if (ideograph) end_word();
    bare_.clear();
    if (rules_.strip_accents)
      unicode::append_bare(bare_, code);
    else
      bare_ += code;
    cased_.clear();
    for (const char32_t each : bare_) {
      if (rules_.lowercase)
        unicode::append_lower(cased_, each);
      else
        cased_ += each;
    }
    for (const char32_t each : cased_) {
      if (unicode::is_white_space(each))
        end_word();
      else if (is_punctuation(each))
        alone(each);
      else
        append(each);
    }
    if (ideograph) end_word();
  }

  static bool is_removed(char32_t code) {
    // Unassigned characters stay, as in the reference.
    using unicode::Category;
    constexpr std::uint32_t removed = unicode::bit(Category::cc) | unicode::bit(Category::cf) | unicode::bit(Category::co);
    return (unicode::bit(unicode::category(code)) & removed) != 0;
  }
  static bool is_punctuation(char32_t code) {
    if (code < 0x80)
      return code > ' ' && code < 0x7F && !(code >= '0' && code <= '9') && !((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
    return (unicode::bit(unicode::category(code)) & unicode::kPunctuation) != 0;
  }
  static bool is_ideograph(char32_t code) {
    constexpr char32_t ranges[][2] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
                                      {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};
    return std::ranges::any_of(ranges, [&](const auto& range) { return code >= range[0] && code <= range[1]; });
  }

  void append(char32_t code) {
    append_utf8(text_, code);
    ++characters_;
    if (rules_.strip_accents && unicode::combining_class(code) != 0) has_marks_ = true;
  }
  void alone(char32_t code) {
    end_word();
    append(code);
    end_word();
  }
  void end_word() {
    if (characters_ == 0) return;
    if (has_marks_) order_marks();
    word_(std::string_view(text_), characters_);
    text_.clear();
    characters_ = 0;
    has_marks_ = false;
  }

  /// Canonical ordering: neighbouring marks by their class. The Unicode Standard, section 3.11.
  void order_marks() {
    std::u32string codes;
    for (std::size_t at = 0; at < text_.size();) {
      const Decoded character = decode_utf8(text_, at);
      codes += character.code;
      at += character.bytes;
    }
    const auto is_mark = [](char32_t code) { return unicode::combining_class(code) != 0; };
    std::vector<std::uint64_t> order;  // class, then place
    for (auto begin = codes.begin(); (begin = std::find_if(begin, codes.end(), is_mark)) != codes.end();) {
      const auto end = std::find_if_not(begin, codes.end(), is_mark);
      const std::u32string marks(begin, end);
      order.clear();
      for (std::size_t i = 0; i < marks.size(); ++i) order.push_back(std::uint64_t{unicode::combining_class(marks[i])} << 32 | i);
      std::ranges::sort(order);
      for (const std::uint64_t each : order) *begin++ = marks[each & 0xFFFFFFFF];
    }
    text_.clear();
    for (const char32_t code : codes) append_utf8(text_, code);
  }

  BertRules rules_;
  Word word_;
  std::string text_;  // the word so far
  std::size_t characters_ = 0;
  bool has_marks_ = false;
  std::u32string bare_, cased_;
};

}  // namespace libabi::llm
