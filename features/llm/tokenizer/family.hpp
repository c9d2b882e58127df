#pragma once
/// A family of tokenizers: how text between special tokens becomes ids and back. The members are tokenizer.def; each is
/// family/<name>.cpp.

#include "tokenizer/special_tokens.hpp"

#include <memory>

namespace libabi::llm {

/// The rules of a family around its text, before the file has its say.
struct FamilyRules {
  std::string_view pre_tokenizer;  // empty where the family has none
  bool adds_bos = false;
  bool adds_eos = false;
  bool frames = false;             // every text stands between BOS and the separator: [CLS] text [SEP]
  bool drops_first_space = false;  // detokenising takes off the space that tokenising put before the text
  bool cleans_spaces = false;      // detokenising takes spaces off before punctuation
  std::optional<TokenId> newline;
};

/// Immutable; thread-safe. Views the vocabulary that it was made for.
class Family {
 public:
  virtual ~Family() = default;
  const FamilyRules& rules() const noexcept { return rules_; }
  /// Appends the ids of the fragments, in order.
  virtual void encode(std::span<const Fragment> fragments, std::vector<TokenId>& out) const = 0;
  /// Appends the text of a token that is neither control, unknown nor user-defined.
  virtual void decode(TokenId id, std::string& out) const = 0;
  virtual std::uint64_t memory_bytes() const noexcept = 0;

 protected:
  FamilyRules rules_;
};

/// A member of tokenizer.def.
struct FamilyEntry {
  std::string_view name;  // tokenizer.ggml.model
  RoleTexts roles;
  Result<std::unique_ptr<const Family>> (*make)(const VocabularySource& source, const Vocabulary& vocabulary,
                                                const SpecialTokens& special);
};

#define ABI_TOKENIZER(name) extern const FamilyEntry tokenizer_##name;
#include "tokenizer/tokenizer.def"
#undef ABI_TOKENIZER

/// Errors: unsupported (names the known ones).
Result<const FamilyEntry*> find_family(std::string_view name);

}  // namespace libabi::llm
