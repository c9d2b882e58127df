#pragma once
/// What a file says about its vocabulary, before anything of it is believed.

#include <abi/llm/gguf.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace libabi::llm {

/// Views into the file. Absent keys are empty.
struct VocabularySource {
  std::string_view model;                // tokenizer.ggml.model
  std::string_view pre;                  // tokenizer.ggml.pre
  std::string_view name;                 // general.name
  std::vector<std::string_view> tokens;  // the token's id is its place
  std::vector<float> scores;             // one a token, or none
  std::vector<std::int64_t> types;       // one a token, or none
  std::vector<std::string_view> merges;  // "left right", the best first
  bool has_scores = false, has_types = false, has_merges = false;

  /// Ids as the file spells them; -1 and 2^32 - 1 mean none, as exporters write it.
  std::optional<std::int64_t> bos, eos, eot, unknown, separator, padding, mask, cls;
  std::optional<bool> add_bos, add_eos, add_space_prefix, lowercase, strip_accents;
};

/// Errors: not_found (a required key), invalid_argument (a key of a wrong type).
Result<VocabularySource> read_vocabulary(const GgufFile& file);

}  // namespace libabi::llm
