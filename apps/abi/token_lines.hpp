#pragma once

#include "command.hpp"

#include <abi/llm/tokenizer.hpp>

namespace app {

/// `abi tokenize --jsonl`: one text a line in, one array of ids a line out, or the reverse, for tools that compare.
struct LineFlags {
  bool jsonl = false;
  bool detokenize = false;
  bool hex = false;
  bool add_special = false;
  bool parse_special = false;

  void declare(CLI::App& cli);
  /// Reads `file` ("" and "-" are standard input) to its end; each line is answered before the next is read.
  /// Errors: invalid_argument (names the line), those of Tokenizer.
  Result<void> run(const libabi::llm::Tokenizer& tokenizer, const std::string& file) const;
};

}  // namespace app
