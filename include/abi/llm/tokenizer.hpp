#pragma once
/// Text to token ids and back, by the vocabulary of a GGUF file.

#include <abi/base/error.hpp>
#include <abi/llm/gguf.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace libabi::llm {

using TokenId = std::int32_t;

/// What a token is; the numbers are those of `tokenizer.ggml.token_type`.
enum class TokenType : std::int32_t {
  undefined = 0,
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

struct TokenizeOptions {
  /// Add the tokens that the model wants around a text (BOS, EOS, CLS, SEP), as its vocabulary says.
  bool add_special = true;
  /// Read the text of control tokens ("<|im_start|>", "</s>") as those tokens. Leave it off for text from users.
  bool parse_special = false;
};

/// The ids of a vocabulary that have a role; absent ones are empty.
struct SpecialTokens {
  std::optional<TokenId> bos, eos, eot, unknown, separator, padding, mask, newline;
};

/// Immutable; thread-safe. Movable; holds its own copy of the vocabulary, so the file may be closed.
class ABI_API Tokenizer {
 public:
  /// Reads `tokenizer.ggml.*`. Errors: not_found (a missing key), corrupt (arrays that do not fit together), unsupported
  /// (tokenizer model or pre-tokenizer that is unknown, which the message names together with the known ones).
  static Result<Tokenizer> load(const GgufFile& file);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Any bytes: text that is not UTF-8 is tokenised by the family's rule for it (llama spells the bytes, gpt2 reads each as
  /// U+FFFD, bert leaves them out). O(n log n) in the length of a word.
  /// Errors: out_of_range (text over 2^30 bytes), exhausted.
  Result<std::vector<TokenId>> tokenize(std::string_view text, const TokenizeOptions& options = {}) const;
  /// The text that the ids stand for: the pieces joined, without the space that tokenising put before the first one, and in
  /// families that do so (bert, some pre-tokenizers of gpt2) without spaces before punctuation. Control tokens are left out
  /// unless `special`. Errors: out_of_range (an id).
  Result<std::string> detokenize(std::span<const TokenId> ids, bool special = false) const;
  /// The bytes that one token adds inside a running text; no space is taken off. Errors: out_of_range.
  Result<std::string> piece(TokenId id, bool special = false) const;

  std::size_t size() const noexcept;                ///< tokens in the vocabulary
  std::string_view model() const noexcept;          ///< "llama", "gpt2", "bert": a member of tokenizer.def
  std::string_view pre_tokenizer() const noexcept;  ///< "default", "llama-bpe", ...; empty where the family has none
  const SpecialTokens& special() const noexcept;
  bool adds_bos() const noexcept;
  bool adds_eos() const noexcept;
  /// Ends a generation: EOS, EOT and the like.
  bool is_end(TokenId id) const noexcept;
  Result<std::string_view> text(TokenId id) const;  ///< as the vocabulary spells it ("▁the", "Ġthe")
  Result<TokenType> type(TokenId id) const;
  Result<float> score(TokenId id) const;
  /// The token spelled exactly so, if any.
  std::optional<TokenId> find(std::string_view text) const noexcept;
  /// Bytes of memory that the vocabulary holds, about.
  std::uint64_t memory_bytes() const noexcept;

 private:
  friend struct TokenizerBuilder;
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Joins pieces into text and holds back bytes that do not yet make whole UTF-8 characters. Not thread-safe.
class ABI_API Utf8Joiner {
 public:
  /// Takes more bytes and returns what is whole now; at most 3 bytes stay behind. A byte that can begin or continue
  /// nothing is passed on as it is, so no bytes are lost.
  std::string push(std::string_view bytes);
  /// Whatever was held back.
  std::string flush();

 private:
  std::string held_;
};

/// Names of the families in tokenizer.def and of the pre-tokenizers in pre_tokenizer.def.
ABI_API std::span<const std::string_view> tokenizer_models() noexcept;
ABI_API std::span<const std::string_view> pre_tokenizers() noexcept;

}  // namespace libabi::llm
