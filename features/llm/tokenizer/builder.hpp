#pragma once

#include "tokenizer/vocabulary_source.hpp"

#include <abi/llm/tokenizer.hpp>

namespace libabi::llm {

/// A tokenizer of what a file, or a test, says about its vocabulary.
struct TokenizerBuilder {
  /// Errors: those of Tokenizer::load. The source's views need not outlive the call.
  static Result<Tokenizer> build(const VocabularySource& source);

 private:
  static Result<Tokenizer> build_inside(const VocabularySource& source);
};

}  // namespace libabi::llm
