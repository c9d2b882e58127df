#include "tokenizer/special_tokens.hpp"
#include "vocabularies.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace libabi::llm {
namespace {

using namespace testing_vocabulary;

/// The definition, written as it is told: by one token after the other, the longest first, then the lower id.
std::vector<std::pair<std::string, TokenId>> cut_by_definition(const std::string& text, const Words& words, bool control) {
  std::vector<TokenId> order;
  for (TokenId id = 0; id < static_cast<TokenId>(words.source.tokens.size()); ++id) {
    const auto type = static_cast<TokenType>(words.source.types[static_cast<std::size_t>(id)]);
    if (type == TokenType::user_defined || (control && (type == TokenType::control || type == TokenType::unknown)))
      order.push_back(id);
  }
  const auto spelled = [&](TokenId id) { return words.source.tokens[static_cast<std::size_t>(id)]; };
  std::ranges::sort(order, [&](TokenId a, TokenId b) {
    return spelled(a).size() != spelled(b).size() ? spelled(a).size() > spelled(b).size() : a < b;
  });
  std::vector<std::pair<std::string, TokenId>> parts{{text, kNoToken}};
  for (const TokenId id : order) {
    std::vector<std::pair<std::string, TokenId>> next;
    for (auto [part, token] : parts) {
      if (token != kNoToken) {
        next.emplace_back(part, token);
        continue;
      }
      for (std::size_t at; (at = part.find(spelled(id))) != std::string::npos; part = part.substr(at + spelled(id).size())) {
        if (at > 0) next.emplace_back(part.substr(0, at), kNoToken);
        next.emplace_back(spelled(id), id);
      }
      if (!part.empty()) next.emplace_back(part, kNoToken);
    }
    parts = std::move(next);
  }
  if (text.empty()) parts.clear();
  return parts;
}

TEST(SpecialTable, CutsByOneTokenAfterTheOther) {
  auto random = seeded();
  for (int round = 0; round < 2000; ++round) {
    Words words;
    words.source.has_types = true;
    const auto letters = [&](std::size_t most) {
      std::string text;
      for (std::size_t i = below(random, most + 1); i > 0; --i) text += static_cast<char>('a' + below(random, 3));
      return text;
    };
    words.add("zzz");
    for (std::size_t i = below(random, 12); i > 0; --i) {
      const std::string text = letters(5);
      if (text.empty() || std::ranges::find(words.texts, text) != words.texts.end()) continue;
      constexpr TokenType types[] = {TokenType::control, TokenType::user_defined, TokenType::unknown, TokenType::normal};
      words.add(text, types[below(random, 4)]);
    }
    words.source.scores.clear();
    const auto vocabulary = Vocabulary::build(words.source).value();
    const SpecialTable table = SpecialTable::build(vocabulary, false, {});
    const std::string text = letters(40);
    for (const bool control : {false, true}) {
      std::vector<std::pair<std::string, TokenId>> parts;
      for (const Fragment& fragment : table.cut(text, control, vocabulary)) parts.emplace_back(fragment.text, fragment.token);
      ASSERT_EQ(parts, cut_by_definition(text, words, control)) << text;
    }
  }
}

TEST(SpecialTable, CutsLongRunsOfOverlappingTokens) {
  Words words;
  words.source.has_types = true;
  for (std::size_t bytes = 1; bytes <= 31; ++bytes) words.add(std::string(bytes, '\n'), TokenType::user_defined);
  words.source.scores.clear();
  const auto vocabulary = Vocabulary::build(words.source).value();
  const SpecialTable table = SpecialTable::build(vocabulary, false, {});
  const std::size_t count = 1'000'000;
  const std::string text(count, '\n');
  const auto fragments = table.cut(text, false, vocabulary);
  ASSERT_EQ(fragments.size(), count / 31 + 1);
  EXPECT_EQ(fragments[0].token, 30);
  EXPECT_EQ(fragments.back().text.size(), count % 31);
}

Words chat_words() {
  Words words = llama_base();
  words.add(kMark + "a", TokenType::normal, -1);
  words.add(kMark, TokenType::normal, -2);
  words.add("a", TokenType::normal, -3);
  words.add("<|end|>", TokenType::control);
  words.add("<|user|>", TokenType::user_defined);
  return words;
}

TEST(Tokenizer, ReadsControlTokensOnlyWhenAsked) {
  const auto tokenizer = chat_words().build().value();
  const TokenId space_a = 259, a = 261, end = 262, user = 263;
  EXPECT_EQ(tokenizer.tokenize("a<|end|>a", {.add_special = false, .parse_special = true}).value(),
            (std::vector<TokenId>{space_a, end, space_a}));
  const auto plain = tokenizer.tokenize("a<|end|>a", {.add_special = false, .parse_special = false}).value();
  EXPECT_EQ(std::ranges::count(plain, end), 0);
  EXPECT_EQ(plain.front(), space_a);
  EXPECT_EQ(plain.back(), a);
  // A user-defined one is part of the text language.
  EXPECT_EQ(tokenizer.tokenize("a<|user|>a", {.add_special = true, .parse_special = false}).value(),
            (std::vector<TokenId>{1, space_a, user, space_a}));
}

TEST(Tokenizer, LeavesControlTokensOutOfTextUnlessAsked) {
  const auto tokenizer = chat_words().build().value();
  const std::vector<TokenId> ids{1, 259, 262, 259, 263, 2};
  EXPECT_EQ(tokenizer.detokenize(ids).value(), "a a<|user|>");
  EXPECT_EQ(tokenizer.detokenize(ids, true).value(), "<s> a<|end|> a<|user|></s>");
  EXPECT_EQ(tokenizer.piece(259).value(), " a");
  EXPECT_EQ(tokenizer.piece(262).value(), "");
  EXPECT_EQ(tokenizer.piece(262, true).value(), "<|end|>");
}

TEST(Tokenizer, KnowsWhatEndsAGeneration) {
  const auto tokenizer = chat_words().build().value();
  EXPECT_TRUE(tokenizer.is_end(2));
  EXPECT_TRUE(tokenizer.is_end(262));
  EXPECT_FALSE(tokenizer.is_end(1));
  EXPECT_FALSE(tokenizer.is_end(-1));
  EXPECT_EQ(tokenizer.special().eot, 262);
}

TEST(Tokenizer, TakesWhiteSpaceBehindPhi3sTokens) {
  Words words = chat_words();
  words.source.name = "Phi-3 mini";
  const auto tokenizer = words.build().value();
  EXPECT_EQ(tokenizer.tokenize("<|end|>\n a", {.add_special = false, .parse_special = true}).value(),
            (std::vector<TokenId>{262, 259}));
  EXPECT_EQ(tokenizer.tokenize("<|end|> \n", {.add_special = false, .parse_special = true}).value(), (std::vector<TokenId>{262}));
  // But not behind <s>.
  EXPECT_EQ(tokenizer.tokenize("<s> a", {.add_special = false, .parse_special = true}).value(),
            (std::vector<TokenId>{1, 260, 259}));
}

}  // namespace
}  // namespace libabi::llm
