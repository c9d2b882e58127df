#pragma once
/// The tokens of a vocabulary: one copy of their text in an arena, found by an open-addressing index.

#include "tokenizer/hash_index.hpp"
#include "tokenizer/vocabulary_source.hpp"

#include <abi/llm/tokenizer.hpp>

#include <string>
#include <vector>

namespace libabi::llm {

inline constexpr TokenId kNoToken = -1;

class Vocabulary {
 public:
  /// Copies tokens, types and scores. Errors: corrupt (no tokens, arrays that do not fit together, a token twice, a type or
  /// score that cannot be).
  static Result<Vocabulary> build(const VocabularySource& source);

  std::size_t size() const noexcept { return types_.size(); }
  bool holds(std::int64_t id) const noexcept { return id >= 0 && id < static_cast<std::int64_t>(types_.size()); }
  std::string_view text(TokenId id) const noexcept {
    const auto i = static_cast<std::size_t>(id);
    return {arena_.data() + offsets_[i], offsets_[i + 1] - offsets_[i]};
  }
  TokenType type(TokenId id) const noexcept { return static_cast<TokenType>(types_[static_cast<std::size_t>(id)]); }
  float score(TokenId id) const noexcept { return scores_.empty() ? 0.0f : scores_[static_cast<std::size_t>(id)]; }
  /// Control and unknown tokens stand for no text.
  bool is_control(TokenId id) const noexcept { return type(id) == TokenType::control || type(id) == TokenType::unknown; }
  /// Text can become this token by merging or matching.
  bool is_text(TokenId id) const noexcept { return !is_control(id) && type(id) != TokenType::byte; }

  /// The token that is spelled so, or kNoToken. An empty text is none.
  TokenId find(std::string_view text) const noexcept;
  std::size_t longest_bytes() const noexcept { return longest_; }
  std::uint64_t memory_bytes() const noexcept;

 private:
  Result<void> copy_texts(const VocabularySource& source);
  Result<void> copy_types_and_scores(const VocabularySource& source);
  Result<void> build_index();

  std::string arena_;
  std::vector<std::uint32_t> offsets_;  // size() + 1, into arena_
  std::vector<std::uint8_t> types_;
  std::vector<float> scores_;  // empty where the file has none
  HashIndex index_;
  std::size_t longest_ = 0;
};

}  // namespace libabi::llm
