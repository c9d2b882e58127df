/// SentencePiece's BPE: spaces become U+2581, one is put before the text, neighbours merge by the score of what they
/// become, and what is no token is spelled in bytes. Kudo and Richardson, 2018.

#include "tokenizer/family.hpp"
#include "tokenizer/merger.hpp"
#include "tokenizer/utf8.hpp"
#include "tokenizer/word_cache.hpp"

#include <algorithm>
#include <bit>

namespace libabi::llm {

namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";  // U+2581

/// Symbols are what a lead byte promises, whether or not the bytes behind it agree: so cuts the reference.
std::size_t symbol_bytes(std::string_view text, std::size_t at) {
  constexpr std::uint8_t by_upper_bits[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
  return std::min<std::size_t>(by_upper_bits[static_cast<unsigned char>(text[at]) >> 4], text.size() - at);
}

std::uint32_t packed(std::string_view symbol) {
  std::uint32_t value = 0;
  for (const char c : symbol) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

/// Low for a high score.
std::uint32_t priority_of(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);  // -0 becomes 0
  const bool negative = bits >> 31;
  return negative ? bits : ~bits & 0x7FFFFFFFu;
}

/// Which two symbols stand side by side in some token. Between others nothing ever merges, so words can be cut there. A set
/// with false positives, which only make a word longer.
class Neighbours {
 public:
  void build(const Vocabulary& vocabulary) {
    const std::size_t bits = std::clamp<std::size_t>(std::bit_ceil(vocabulary.size() * 32), 1u << 12, 1u << 23);
    words_.assign(bits / 64, 0);
    shift_ = 64 - std::countr_zero(bits);
    for (TokenId id = 0; vocabulary.holds(id); ++id)
      if (vocabulary.is_text(id)) add(vocabulary.text(id));
  }
  bool together(std::uint32_t left, std::uint32_t right) const {
    const std::uint64_t bit = place(left, right);
    return words_[bit / 64] >> (bit % 64) & 1;
  }
  std::uint64_t memory_bytes() const { return words_.capacity() * sizeof(words_[0]); }

 private:
  std::uint64_t place(std::uint32_t left, std::uint32_t right) const { return hash_pair(left, right, 0) >> shift_; }
  void add(std::string_view token) {
    std::uint32_t left = 0;
    for (std::size_t at = 0, bytes; at < token.size(); at += bytes) {
      bytes = symbol_bytes(token, at);
      const std::uint32_t right = packed(token.substr(at, bytes));
      const std::uint64_t bit = place(left, right);
      if (at > 0) words_[bit / 64] |= std::uint64_t{1} << (bit % 64);
      left = right;
    }
  }

  std::vector<std::uint64_t> words_;
  int shift_ = 63;
};

class Llama final : public Family {
 public:
  Llama(const Vocabulary& vocabulary, bool space_prefix) : vocabulary_(vocabulary), space_prefix_(space_prefix) {
    rules_.adds_bos = true;
    rules_.drops_first_space = space_prefix;
  }
  Result<void> prepare(const SpecialTokens& special);

  void encode(std::span<const Fragment> fragments, std::vector<TokenId>& out) const override;
  void decode(TokenId id, std::string& out) const override;
  std::uint64_t memory_bytes() const noexcept override { return sizeof(Llama) + neighbours_.memory_bytes(); }

 private:
  class Encoder;

  TokenId find_text(std::string_view text) const {
    const TokenId id = vocabulary_.find(text);
    return id != kNoToken && vocabulary_.is_text(id) ? id : kNoToken;
  }
  Result<void> find_bytes();

  const Vocabulary& vocabulary_;
  bool space_prefix_;
  TokenId unknown_ = kNoToken;
  std::array<TokenId, 256> bytes_{};   // <0x41>
  std::array<TokenId, 128> single_{};  // tokens of one ASCII character
  Neighbours neighbours_;
};

/// The byte of a token spelled "<0x41>", or -1.
int byte_of(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  const std::size_t high = digits.find(text[3]), low = digits.find(text[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return -1;
  return static_cast<int>(high * 16 + low);
}

Result<void> Llama::find_bytes() {
  bytes_.fill(kNoToken);
  for (TokenId id = 0; vocabulary_.holds(id); ++id) {
    if (vocabulary_.type(id) != TokenType::byte) continue;
    const int byte = byte_of(vocabulary_.text(id));
    if (byte < 0)
      return error(ErrorCode::corrupt, "token {} is of type byte and spelled '{}', expected '<0x00>' to '<0xFF>'", id,
                   vocabulary_.text(id));
    bytes_[static_cast<std::size_t>(byte)] = id;
  }
  return {};
}

Result<void> Llama::prepare(const SpecialTokens& special) {
  ABI_TRY(find_bytes());
  unknown_ = special.unknown.value_or(kNoToken);
  const auto missing = std::ranges::find(bytes_, kNoToken);
  if (missing != bytes_.end() && unknown_ == kNoToken)
    return error(ErrorCode::corrupt, "the vocabulary has neither a token for byte {:#04x} nor an unknown token",
                 missing - bytes_.begin());
  for (std::size_t i = 0; i < single_.size(); ++i) {
    const char character = static_cast<char>(i);
    single_[i] = find_text({&character, 1});
  }
  neighbours_.build(vocabulary_);
  const TokenId newline = bytes_['\n'] != kNoToken ? bytes_['\n'] : single_['\n'];
  if (newline != kNoToken) rules_.newline = newline;
  return {};
}

/// The work of one call.
class Llama::Encoder {
 public:
  Encoder(const Llama& family, std::vector<TokenId>& out, std::size_t text_bytes)
      : family_(family), out_(out), cache_(text_bytes) {
    text_.reserve(text_bytes);  // words view it: it must not move
  }

  void encode(const Fragment& fragment, bool space_before) {
    const std::size_t begin = text_.size();
    if (space_before) text_ += kSpace;
    for (const char c : fragment.text) {
      if (c == ' ')
        text_ += kSpace;
      else
        text_ += c;
    }
    cut(std::string_view(text_).substr(begin));
  }

 private:
  /// Cuts where nothing merges.
  void cut(std::string_view text) {
    const auto encode_word = [this](std::string_view word) { merge(word); };
    std::size_t begin = 0;
    std::uint32_t left = 0;
    for (std::size_t at = 0, bytes; at < text.size(); at += bytes) {
      bytes = symbol_bytes(text, at);
      const std::uint32_t right = packed(text.substr(at, bytes));
      if (at > begin && !family_.neighbours_.together(left, right)) {
        cache_.append(text.substr(begin, at - begin), out_, encode_word);
        begin = at;
      }
      left = right;
    }
    if (begin < text.size()) cache_.append(text.substr(begin), out_, encode_word);
  }

  void merge(std::string_view word) {
    merger_.clear();
    for (std::size_t at = 0, bytes; at < word.size(); at += bytes) {
      bytes = symbol_bytes(word, at);
      const auto first = static_cast<unsigned char>(word[at]);
      const TokenId id = first < 0x80 ? family_.single_[first] : family_.find_text(word.substr(at, bytes));
      merger_.add(static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(id));
    }
    const Vocabulary& vocabulary = family_.vocabulary_;
    merger_.merge([&](const Merger::Symbol& left, const Merger::Symbol& right) -> Merger::Merge {
      const std::size_t bytes = std::size_t{left.bytes} + right.bytes;
      if (bytes > vocabulary.longest_bytes()) return {0, Merger::kNone};
      const TokenId id = family_.find_text(word.substr(left.begin, bytes));
      if (id == kNoToken) return {0, Merger::kNone};
      return {priority_of(vocabulary.score(id)), static_cast<std::uint32_t>(id)};
    });
    merger_.each([&](const Merger::Symbol& symbol) {
      if (symbol.id != Merger::kNone)
        out_.push_back(static_cast<TokenId>(symbol.id));
      else
        spell(word.substr(symbol.begin, symbol.bytes));
    });
  }

  void spell(std::string_view symbol) {
    for (const char c : symbol) {
      const TokenId id = family_.bytes_[static_cast<unsigned char>(c)];
      out_.push_back(id != kNoToken ? id : family_.unknown_);
    }
  }

  const Llama& family_;
  std::vector<TokenId>& out_;
  std::string text_;
  WordCache cache_;
  Merger merger_;
};

void Llama::encode(std::span<const Fragment> fragments, std::vector<TokenId>& out) const {
  std::size_t bytes = 0;
  for (const Fragment& fragment : fragments)
    bytes += kSpace.size() + fragment.text.size() +
             (kSpace.size() - 1) * static_cast<std::size_t>(std::ranges::count(fragment.text, ' '));
  Encoder encoder(*this, out, bytes);
  bool after_special = true;
  for (const Fragment& fragment : fragments) {
    if (fragment.token != kNoToken)
      out.push_back(fragment.token);
    else
      encoder.encode(fragment, space_prefix_ && after_special);
    after_special = fragment.token != kNoToken;
  }
}

void Llama::decode(TokenId id, std::string& out) const {
  std::string_view text = vocabulary_.text(id);
  if (vocabulary_.type(id) == TokenType::byte) {
    out += static_cast<char>(byte_of(text));
    return;
  }
  for (std::size_t space; (space = text.find(kSpace)) != std::string_view::npos; text.remove_prefix(space + kSpace.size())) {
    out += text.substr(0, space);
    out += ' ';
  }
  out += text;
}

Result<std::unique_ptr<const Family>> make(const VocabularySource& source, const Vocabulary& vocabulary,
                                           const SpecialTokens& special) {
  if (!source.has_scores) return error(ErrorCode::not_found, "key 'tokenizer.ggml.scores' is not in the file");
  if (!source.has_types) return error(ErrorCode::not_found, "key 'tokenizer.ggml.token_type' is not in the file");
  auto family = std::make_unique<Llama>(vocabulary, source.add_space_prefix.value_or(true));
  ABI_TRY(family->prepare(special));
  return family;
}

}  // namespace

extern const FamilyEntry tokenizer_llama;
constinit const FamilyEntry tokenizer_llama{
    .name = "llama",
    .roles = {.bos = "<s>", .eos = "</s>", .unknown = "<unk>", .separator = {}, .padding = {}, .mask = {}},
    .make = make};

}  // namespace libabi::llm
