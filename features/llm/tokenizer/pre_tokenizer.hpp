#pragma once
/// Cuts text into the words that byte-level BPE merges within. The entries are pre_tokenizer.def.

#include "tokenizer/pattern.hpp"
#include "tokenizer/utf8.hpp"

#include <abi/base/error.hpp>

#include <string_view>
#include <vector>

namespace libabi::llm {

class PreTokenizer {
 public:
  enum Traits : unsigned { kPlain = 0, kCleans = 1, kWholeWords = 2, kAddsBos = 4 };

  /// Errors: unsupported (names the known ones).
  static Result<PreTokenizer> find(std::string_view name);

  std::string_view name() const noexcept { return name_; }
  bool has(Traits trait) const noexcept { return (traits_ & trait) != 0; }

  /// Calls `word` with each word, in order; together they are the text. No allocation.
  template <class Word>
  void split(std::string_view text, Word&& word) const {
    split_by(0, text, word);
  }

  std::uint64_t memory_bytes() const noexcept;

 private:
  template <class Word>
  void split_by(std::size_t pass, std::string_view text, Word& word) const {
    if (pass == passes_.size()) return word(text);
    std::size_t rest = 0;  // where what is not yet passed on begins
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t bytes = passes_[pass].match(text, at);
      if (bytes == 0) {
        at += decode_utf8(text, at).bytes;
        continue;
      }
      if (rest < at) split_by(pass + 1, text.substr(rest, at - rest), word);
      split_by(pass + 1, text.substr(at, bytes), word);
      rest = at += bytes;
    }
    if (rest < text.size()) split_by(pass + 1, text.substr(rest), word);
  }

  std::string_view name_;
  unsigned traits_ = kPlain;
  std::vector<Pattern> passes_;
};

}  // namespace libabi::llm
