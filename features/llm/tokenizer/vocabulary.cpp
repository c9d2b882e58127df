#include "tokenizer/vocabulary.hpp"

#include <cmath>
#include <limits>

namespace libabi::llm {

Result<Vocabulary> Vocabulary::build(const VocabularySource& source) {
  const std::size_t count = source.tokens.size();
  if (count == 0) return error(ErrorCode::corrupt, "the vocabulary has no tokens");
  if (count > static_cast<std::size_t>(std::numeric_limits<TokenId>::max()))
    return error(ErrorCode::corrupt, "the vocabulary has {} tokens, expected less than 2^31", count);
  if (source.has_types && source.types.size() != count)
    return error(ErrorCode::corrupt, "tokenizer.ggml.token_type has {} elements, expected {} as tokenizer.ggml.tokens",
                 source.types.size(), count);
  if (source.has_scores && source.scores.size() != count)
    return error(ErrorCode::corrupt, "tokenizer.ggml.scores has {} elements, expected {} as tokenizer.ggml.tokens",
                 source.scores.size(), count);
  Vocabulary vocabulary;
  ABI_TRY(vocabulary.copy_texts(source));
  ABI_TRY(vocabulary.copy_types_and_scores(source));
  ABI_TRY(vocabulary.build_index());
  return vocabulary;
}

Result<void> Vocabulary::copy_texts(const VocabularySource& source) {
  std::size_t bytes = 0;
  for (const std::string_view token : source.tokens) bytes += token.size();
  if (bytes > std::numeric_limits<std::uint32_t>::max())
    return error(ErrorCode::corrupt, "the texts of the tokens have {} bytes, expected less than 2^32", bytes);
  arena_.reserve(bytes);
  offsets_.reserve(source.tokens.size() + 1);
  offsets_.push_back(0);
  for (const std::string_view token : source.tokens) {
    arena_ += token;
    offsets_.push_back(static_cast<std::uint32_t>(arena_.size()));
    longest_ = std::max(longest_, token.size());
  }
  return {};
}

Result<void> Vocabulary::copy_types_and_scores(const VocabularySource& source) {
  constexpr auto last_type = static_cast<std::int64_t>(TokenType::byte);
  types_.assign(source.tokens.size(), static_cast<std::uint8_t>(TokenType::normal));
  for (std::size_t i = 0; i < source.types.size(); ++i) {
    if (source.types[i] < 0 || source.types[i] > last_type)
      return error(ErrorCode::corrupt, "token {} has type {}, expected 0 to {}", i, source.types[i], last_type);
    types_[i] = static_cast<std::uint8_t>(source.types[i]);
  }
  for (std::size_t i = 0; i < source.scores.size(); ++i)
    if (std::isnan(source.scores[i])) return error(ErrorCode::corrupt, "the score of token {} is not a number", i);
  scores_ = source.scores;
  return {};
}

Result<void> Vocabulary::build_index() {
  const auto text_of = [&](std::uint32_t item) { return text(static_cast<TokenId>(item)); };
  // Empty tokens fill holes in some vocabularies: each is the same only as itself, and none is ever looked for.
  const auto report = index_.build(
      static_cast<std::uint32_t>(size()), false,
      [&](std::uint32_t item, std::uint64_t seed) {
        const std::string_view spelled = text_of(item);
        return spelled.empty() ? hash_pair(item, item, seed) : hash_text(spelled, seed);
      },
      [&](std::uint32_t a, std::uint32_t b) { return !text_of(a).empty() && text_of(a) == text_of(b); });
  switch (report.outcome) {
    case HashIndex::Outcome::built: return {};
    case HashIndex::Outcome::twins:
      return error(ErrorCode::corrupt, "tokens {} and {} are both '{}'", report.twins.first, report.twins.second,
                   text_of(report.twins.first));
    case HashIndex::Outcome::collisions: break;
  }
  return error(ErrorCode::corrupt, "the tokens are made to collide in every index");
}

TokenId Vocabulary::find(std::string_view spelled) const noexcept {
  if (spelled.empty() || spelled.size() > longest_) return kNoToken;
  const std::uint32_t item = index_.find(hash_text(spelled, index_.seed()),
                                         [&](std::uint32_t each) { return text(static_cast<TokenId>(each)) == spelled; });
  return item == HashIndex::kNone ? kNoToken : static_cast<TokenId>(item);
}

std::uint64_t Vocabulary::memory_bytes() const noexcept {
  return arena_.capacity() + offsets_.capacity() * sizeof(offsets_[0]) + types_.capacity() + scores_.capacity() * sizeof(float) +
         index_.memory_bytes();
}

}  // namespace libabi::llm
