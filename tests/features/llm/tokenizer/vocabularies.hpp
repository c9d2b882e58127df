#pragma once
/// Small vocabularies of our own, as plain lists.

#include "tokenizer/builder.hpp"
#include "tokenizer/byte_alphabet.hpp"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <string>
#include <utility>

namespace libabi::llm::testing_vocabulary {

inline const std::string kMark = "\xE2\x96\x81";  // U+2581

/// Owns the texts that a VocabularySource views.
struct Words {
  std::deque<std::string> texts;  // which keeps its strings where they are when it moves
  VocabularySource source;

  Words() = default;
  Words(Words&&) = default;
  Words& operator=(Words&&) = default;

  TokenId add(std::string text, TokenType type = TokenType::normal, float score = 0) {
    source.tokens.push_back(texts.emplace_back(std::move(text)));
    source.types.push_back(static_cast<std::int64_t>(type));
    source.scores.push_back(score);
    return static_cast<TokenId>(source.tokens.size() - 1);
  }
  void merge(const std::string& left, const std::string& right) {
    source.merges.push_back(texts.emplace_back(left + " " + right));
  }
  Result<Tokenizer> build() const { return TokenizerBuilder::build(source); }
};

inline std::string byte_character(unsigned byte) {
  std::string text;
  append_byte_character(text, static_cast<unsigned char>(byte));
  return text;
}

/// <unk> <s> </s> and 256 byte tokens: ids 0, 1, 2 and 3 to 258.
inline Words llama_base() {
  Words words;
  words.source.model = "llama";
  words.source.has_types = words.source.has_scores = true;
  words.add("<unk>", TokenType::unknown);
  words.add("<s>", TokenType::control);
  words.add("</s>", TokenType::control);
  for (unsigned byte = 0; byte < 256; ++byte) {
    char text[8];
    std::snprintf(text, sizeof text, "<0x%02X>", byte);
    words.add(text, TokenType::byte);
  }
  return words;
}

/// The 256 characters of the byte alphabet: id = byte.
inline Words gpt2_base(std::string_view pre) {
  Words words;
  words.source.model = "gpt2";
  words.source.pre = pre;
  words.source.has_types = words.source.has_merges = true;
  for (unsigned byte = 0; byte < 256; ++byte) words.add(byte_character(byte));
  words.source.scores.clear();
  return words;
}

/// [PAD] [UNK] [CLS] [SEP] [MASK]: ids 0 to 4.
inline Words bert_base() {
  Words words;
  words.source.model = "bert";
  words.source.has_types = true;
  for (const char* text : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) words.add(text, TokenType::control);
  words.source.scores.clear();
  return words;
}

/// Prints the seed, and takes another from ABI_SEED.
inline std::mt19937_64 seeded(std::uint64_t fallback = 1) {
  const char* given = std::getenv("ABI_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : fallback;
  std::printf("ABI_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return std::mt19937_64(seed);
}

inline std::size_t below(std::mt19937_64& random, std::size_t end) { return static_cast<std::size_t>(random() % end); }

}  // namespace libabi::llm::testing_vocabulary
