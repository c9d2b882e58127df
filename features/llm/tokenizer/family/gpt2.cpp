/// Byte-level BPE: a pre-tokenizer cuts words, each byte of a word is a token, and pairs merge in the order of the file's
/// list. Sennrich et al., 2016; Radford et al., 2019.

#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/family.hpp"
#include "tokenizer/merge_table.hpp"
#include "tokenizer/pre_tokenizer.hpp"
#include "tokenizer/utf8.hpp"
#include "tokenizer/word_cache.hpp"

namespace libabi::llm {

namespace {

class Gpt2 final : public Family {
 public:
  Gpt2(const Vocabulary& vocabulary, PreTokenizer pre_tokenizer, MergeTable merges, TokenId unknown);

  void encode(std::span<const Fragment> fragments, std::vector<TokenId>& out) const override;
  void decode(TokenId id, std::string& out) const override;
  std::uint64_t memory_bytes() const noexcept override {
    return sizeof(Gpt2) + merges_.memory_bytes() + pre_tokenizer_.memory_bytes();
  }

 private:
  class Encoder;

  const Vocabulary& vocabulary_;
  PreTokenizer pre_tokenizer_;
  MergeTable merges_;
  TokenId unknown_;
  std::array<TokenId, 256> bytes_{};
};

Gpt2::Gpt2(const Vocabulary& vocabulary, PreTokenizer pre_tokenizer, MergeTable merges, TokenId unknown)
    : vocabulary_(vocabulary), pre_tokenizer_(std::move(pre_tokenizer)), merges_(std::move(merges)), unknown_(unknown) {
  for (std::size_t byte = 0; byte < bytes_.size(); ++byte) {
    std::string character;
    append_byte_character(character, static_cast<unsigned char>(byte));
    bytes_[byte] = vocabulary_.find(character);
  }
  rules_.pre_tokenizer = pre_tokenizer_.name();
  rules_.adds_bos = pre_tokenizer_.has(PreTokenizer::kAddsBos);
  rules_.cleans_spaces = pre_tokenizer_.has(PreTokenizer::kCleans);
  if (bytes_['\n'] != kNoToken) rules_.newline = bytes_['\n'];
}

/// The work of one call.
class Gpt2::Encoder {
 public:
  Encoder(const Gpt2& family, std::vector<TokenId>& out, std::size_t text_bytes)
      : family_(family), out_(out), cache_(text_bytes) {}

  void encode(std::string_view text) {
    const auto encode_word = [this](std::string_view word) { encode_new(word); };
    family_.pre_tokenizer_.split(text, [&](std::string_view word) { cache_.append(word, out_, encode_word); });
  }

 private:
  void encode_new(std::string_view word) {
    if (family_.pre_tokenizer_.has(PreTokenizer::kWholeWords) && word.size() <= family_.vocabulary_.longest_bytes()) {
      spelled_.clear();
      each_byte(word, [&](unsigned char byte) { append_byte_character(spelled_, byte); });
      const TokenId whole = family_.vocabulary_.find(spelled_);
      if (whole != kNoToken && family_.vocabulary_.is_text(whole)) return out_.push_back(whole);
    }
    merger_.clear();
    each_byte(word, [&](unsigned char byte) { merger_.add(1, static_cast<std::uint32_t>(family_.bytes_[byte])); });
    merger_.merge(
        [&](const Merger::Symbol& left, const Merger::Symbol& right) { return family_.merges_.find(left.id, right.id); });
    merger_.each([&](const Merger::Symbol& symbol) {
      // A byte that the vocabulary lacks is the unknown token, or nothing where there is none.
      const TokenId id = symbol.id == Merger::kNone ? family_.unknown_ : static_cast<TokenId>(symbol.id);
      if (id != kNoToken) out_.push_back(id);
    });
  }

  /// The bytes of a word; what is not UTF-8 becomes U+FFFD, byte by byte.
  template <class Visit>
  static void each_byte(std::string_view word, Visit&& visit) {
    for (std::size_t at = 0; at < word.size();) {
      const Decoded character = decode_utf8(word, at);
      if (character.valid())
        for (std::size_t i = 0; i < character.bytes; ++i) visit(static_cast<unsigned char>(word[at + i]));
      else
        for (const char byte : std::string_view("\xEF\xBF\xBD")) visit(static_cast<unsigned char>(byte));
      at += character.bytes;
    }
  }

  const Gpt2& family_;
  std::vector<TokenId>& out_;
  WordCache cache_;
  Merger merger_;
  std::string spelled_;
};

void Gpt2::encode(std::span<const Fragment> fragments, std::vector<TokenId>& out) const {
  std::size_t bytes = 0;
  for (const Fragment& fragment : fragments) bytes += fragment.text.size();
  Encoder encoder(*this, out, bytes);
  for (const Fragment& fragment : fragments) {
    if (fragment.token != kNoToken)
      out.push_back(fragment.token);
    else
      encoder.encode(fragment.text);
  }
}

void Gpt2::decode(TokenId id, std::string& out) const {
  const std::string_view text = vocabulary_.text(id);
  for (std::size_t at = 0; at < text.size();) {
    const Decoded character = decode_utf8(text, at);
    const int byte = byte_of_character(character.code);
    // What stands for no byte stands for itself.
    if (character.valid() && byte >= 0)
      out += static_cast<char>(byte);
    else
      out += text.substr(at, character.bytes);
    at += character.bytes;
  }
}

Result<std::unique_ptr<const Family>> make(const VocabularySource& source, const Vocabulary& vocabulary,
                                           const SpecialTokens& special) {
  if (!source.has_merges) return error(ErrorCode::not_found, "key 'tokenizer.ggml.merges' is not in the file");
  ABI_TRY(auto pre_tokenizer, PreTokenizer::find(source.pre.empty() ? "default" : source.pre));
  ABI_TRY(auto merges, MergeTable::build(source, vocabulary));
  return std::make_unique<Gpt2>(vocabulary, std::move(pre_tokenizer), std::move(merges), special.unknown.value_or(kNoToken));
}

}  // namespace

extern const FamilyEntry tokenizer_gpt2;
constinit const FamilyEntry tokenizer_gpt2{.name = "gpt2", .roles = {}, .make = make};

}  // namespace libabi::llm
