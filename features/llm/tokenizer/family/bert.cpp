/// WordPiece: each word is covered by the longest tokens from its begin; a word that cannot be is the unknown token. Tokens
/// that begin a word are spelled with U+2581 before them. Wu et al., 2016; Devlin et al., 2018.

#include "tokenizer/bert_words.hpp"
#include "tokenizer/family.hpp"
#include "tokenizer/word_cache.hpp"

namespace libabi::llm {

namespace {

constexpr std::string_view kBegin = "\xE2\x96\x81";  // U+2581
constexpr std::size_t kLongestWord = 100;            // in characters; longer ones are unknown, as in the reference

class Bert final : public Family {
 public:
  Bert(const Vocabulary& vocabulary, const BertRules& text_rules, TokenId unknown)
      : vocabulary_(vocabulary), text_rules_(text_rules), unknown_(unknown) {
    rules_.adds_bos = true;
    rules_.frames = true;
    rules_.cleans_spaces = true;
  }

  void encode(std::span<const Fragment> fragments, std::vector<TokenId>& out) const override;
  void decode(TokenId id, std::string& out) const override;
  std::uint64_t memory_bytes() const noexcept override { return sizeof(Bert); }

 private:
  void encode_word(std::string_view word, std::size_t characters, std::string& spelled, std::vector<TokenId>& out) const;
  TokenId longest_at(std::string_view spelled, std::size_t at, std::size_t& bytes) const;

  const Vocabulary& vocabulary_;
  BertRules text_rules_;
  TokenId unknown_;
};

void Bert::encode(std::span<const Fragment> fragments, std::vector<TokenId>& out) const {
  std::string spelled;
  BertWords words(text_rules_,
                  [&](std::string_view word, std::size_t characters) { encode_word(word, characters, spelled, out); });
  for (const Fragment& fragment : fragments) {
    if (fragment.token != kNoToken)
      out.push_back(fragment.token);
    else
      words.read(fragment.text);
  }
}

void Bert::encode_word(std::string_view word, std::size_t characters, std::string& spelled, std::vector<TokenId>& out) const {
  if (characters > kLongestWord) return out.push_back(unknown_);
  spelled.assign(kBegin).append(word);
  const std::size_t first = out.size();
  for (std::size_t at = 0, bytes = 0; at < spelled.size(); at += bytes) {
    const TokenId id = longest_at(spelled, at, bytes);
    if (id == kNoToken) {
      out.resize(first);
      return out.push_back(unknown_);
    }
    out.push_back(id);
  }
}

/// The longest token that is spelled at `at`; the first one covers more than the mark of a word's begin.
TokenId Bert::longest_at(std::string_view spelled, std::size_t at, std::size_t& bytes) const {
  // The mark inside a word is the character itself, which no token has: those that begin with it begin words.
  if (at > 0 && spelled.substr(at).starts_with(kBegin)) return kNoToken;
  const std::size_t least = at == 0 ? kBegin.size() : 0;
  std::size_t end = std::min(spelled.size(), at + vocabulary_.longest_bytes());
  while (end < spelled.size() && (static_cast<unsigned char>(spelled[end]) & 0xC0) == 0x80) --end;  // between characters
  for (; end > at + least; end = previous(spelled, end)) {
    const TokenId id = vocabulary_.find(spelled.substr(at, end - at));
    if (id == kNoToken || !vocabulary_.is_text(id)) continue;
    bytes = end - at;
    return id;
  }
  return kNoToken;
}

void Bert::decode(TokenId id, std::string& out) const {
  std::string_view text = vocabulary_.text(id);
  for (std::size_t mark; (mark = text.find(kBegin)) != std::string_view::npos; text.remove_prefix(mark + kBegin.size())) {
    out += text.substr(0, mark);
    out += ' ';
  }
  out += text;
}

Result<std::unique_ptr<const Family>> make(const VocabularySource& source, const Vocabulary& vocabulary,
                                           const SpecialTokens& special) {
  if (!special.bos)
    return error(ErrorCode::not_found, "key 'tokenizer.ggml.cls_token_id' is not in the file, nor a token '[CLS]'");
  if (!special.separator)
    return error(ErrorCode::not_found, "key 'tokenizer.ggml.seperator_token_id' is not in the file, nor a token '[SEP]'");
  if (!special.unknown)
    return error(ErrorCode::not_found, "key 'tokenizer.ggml.unknown_token_id' is not in the file, nor a token '[UNK]'");
  const bool lowercase = source.lowercase.value_or(true);
  const BertRules text_rules{.lowercase = lowercase, .strip_accents = source.strip_accents.value_or(lowercase)};
  return std::make_unique<Bert>(vocabulary, text_rules, *special.unknown);
}

}  // namespace

extern const FamilyEntry tokenizer_bert;
constinit const FamilyEntry tokenizer_bert{
    .name = "bert",
    .roles = {.bos = "[CLS]", .eos = {}, .unknown = "[UNK]", .separator = "[SEP]", .padding = "[PAD]", .mask = "[MASK]"},
    .make = make};

}  // namespace libabi::llm
