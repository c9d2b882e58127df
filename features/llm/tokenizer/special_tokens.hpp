#pragma once
/// The tokens with a role, and the ones that are cut out of a text before anything else looks at it.

#include "tokenizer/vocabulary.hpp"

#include <array>

namespace libabi::llm {

/// How a family spells its roles where the file does not give their ids; an empty one has no such default.
struct RoleTexts {
  std::string_view bos, eos, unknown, separator, padding, mask;
};

struct Roles {
  SpecialTokens special;      // without newline, which the family knows
  std::vector<TokenId> ends;  // sorted: EOS, EOT and other tokens that end a turn

  bool is_end(TokenId id) const noexcept;
  /// Errors: corrupt (an id that is not in the vocabulary).
  static Result<Roles> find(const VocabularySource& source, const Vocabulary& vocabulary, const RoleTexts& texts);
};

/// A part of a text: a token that was spelled out in it, or text without such.
struct Fragment {
  std::string_view text;  // views the text that was cut
  TokenId token = kNoToken;
};

/// Finds special tokens: control, unknown and user-defined ones. Where they overlap, the longest wins, then the lower id,
/// then the one further left; that is, the text is cut by one token after the other in this order.
class SpecialTable {
 public:
  /// With `trims`, white space behind a special token belongs to it, but for the ids in `untrimmed`.
  static SpecialTable build(const Vocabulary& vocabulary, bool trims, std::vector<TokenId> untrimmed);

  /// With `control`, also control and unknown tokens are looked for; user-defined ones always are.
  /// Work: the length of the text, times the number of different tokens in stretches where they overlap.
  std::vector<Fragment> cut(std::string_view text, bool control, const Vocabulary& vocabulary) const;
  std::uint64_t memory_bytes() const noexcept;

 private:
  struct Entry {
    TokenId id;
    bool control;
    bool trims;
  };
  struct Bounds {
    std::uint32_t low = 0, high = 0;
  };
  class Cutter;

  std::vector<Entry> entries_;               // sorted by text
  std::array<Bounds, 256> by_first_byte_{};  // entries that begin so
};

}  // namespace libabi::llm
