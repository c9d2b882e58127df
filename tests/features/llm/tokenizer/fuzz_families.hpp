#pragma once
/// What every tokenizer promises for every text; fuzz targets hold it to that.

#include "tokenizer/utf8.hpp"
#include "vocabularies.hpp"

#include <abi/base/check.hpp>

#include <cstdio>
#include <cstdlib>

namespace libabi::llm::testing_vocabulary {

[[noreturn]] inline void broken(const char* promise, std::string_view text) {
  std::fprintf(stderr, "broken promise: %s, with a text of %zu bytes\n", promise, text.size());
  std::abort();
}

inline void hold_to_promises(const Tokenizer& tokenizer, std::string_view text, const TokenizeOptions& options) {
  const auto ids = tokenizer.tokenize(text, options);
  if (!ids) broken(ids.error().message.c_str(), text);
  std::string pieces;
  for (const TokenId id : *ids) {
    const auto piece = tokenizer.piece(id, true);
    if (!piece) broken("ids are in the vocabulary", text);
    pieces += *piece;
  }
  const auto whole = tokenizer.detokenize(*ids, true);
  if (!whole) broken("what was tokenised can be detokenised", text);
  if (whole->size() > pieces.size()) broken("text is not longer than its pieces", text);

  Utf8Joiner joiner;
  std::string joined;
  for (std::size_t at = 0; at < pieces.size(); at += 3) joined += joiner.push(std::string_view(pieces).substr(at, 3));
  if (joined + joiner.flush() != pieces) broken("the joiner loses no byte", text);
}

}  // namespace libabi::llm::testing_vocabulary
