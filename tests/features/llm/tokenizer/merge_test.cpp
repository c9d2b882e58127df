/// The families against plain versions of themselves, which try every pair again after each merge.

#include "tokenizer/pre_tokenizer.hpp"
#include "tokenizer/utf8.hpp"
#include "vocabularies.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <thread>

namespace libabi::llm {
namespace {

using namespace testing_vocabulary;
using Ids = std::vector<TokenId>;

/// U+FFFD for every byte that is not UTF-8.
std::string repaired(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Decoded decoded = decode_utf8(text, at);
    append_utf8(out, decoded.code);
    at += decoded.bytes;
  }
  return out;
}

std::string random_text(std::mt19937_64& random, std::size_t parts) {
  constexpr std::string_view common[] = {"a",  "b", "ab", "ba", "aab", " ",    " a",      "  ",
                                         "\n", "é", "日", "1",  "!",   "\xFF", "\xE4\xB8"};
  std::string text;
  for (; parts > 0; --parts)
    text +=
        below(random, 20) ? std::string(common[below(random, std::size(common))]) : std::string(1, static_cast<char>(random()));
  return text;
}

struct BytePairs {
  Words words;
  std::map<std::pair<std::string, std::string>, std::size_t> ranks;
  std::map<std::string, TokenId> ids;

  BytePairs(std::mt19937_64& random, std::string_view pre, std::size_t merges) : words(gpt2_base(pre)) {
    for (std::size_t i = 0; i < words.texts.size(); ++i) ids[words.texts[i]] = static_cast<TokenId>(i);
    std::vector<std::string> pieces;
    for (const char c : std::string_view("ab \n1\xC3\xA9\xE6\x97\xA5\xEF\xBF\xBD"))
      pieces.push_back(byte_character(static_cast<unsigned char>(c)));
    for (std::size_t i = 0; i < merges; ++i) {
      const std::string left = pieces[below(random, pieces.size())], right = pieces[below(random, pieces.size())];
      if (left.size() + right.size() > 24 || !ranks.try_emplace({left, right}, words.source.merges.size()).second) continue;
      words.merge(left, right);
      if (ids.contains(left + right)) continue;
      ids[left + right] = words.add(left + right);
      pieces.push_back(left + right);
    }
    words.source.scores.clear();
  }

  Ids plain(std::string_view text, const PreTokenizer& pre_tokenizer) const {
    Ids result;
    pre_tokenizer.split(text, [&](std::string_view word) {
      std::vector<std::string> parts;
      for (const char c : repaired(word)) parts.push_back(byte_character(static_cast<unsigned char>(c)));
      std::string whole;
      for (const std::string& part : parts) whole += part;
      if (pre_tokenizer.has(PreTokenizer::kWholeWords) && ids.contains(whole)) parts = {whole};
      for (;;) {
        std::size_t best = parts.size(), rank = ranks.size() + merges_seen();
        for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
          const auto found = ranks.find({parts[i], parts[i + 1]});
          if (found != ranks.end() && found->second < rank) {
            best = i;
            rank = found->second;
          }
        }
        if (best == parts.size()) break;
        parts[best] += parts[best + 1];
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
      }
      for (const std::string& part : parts) result.push_back(ids.at(part));
    });
    return result;
  }
  std::size_t merges_seen() const { return words.source.merges.size(); }
};

class EveryPreTokenizerOfBytePairs : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryPreTokenizerOfBytePairs, MergesAsThePlainVersionDoes) {
  auto random = seeded();
  const auto pre_tokenizer = PreTokenizer::find(GetParam()).value();
  for (int round = 0; round < 12; ++round) {
    const BytePairs pairs(random, GetParam(), 60);
    const auto tokenizer = pairs.words.build().value();
    for (int i = 0; i < 20; ++i) {
      const std::string text = random_text(random, i < 18 ? 40 : 800);  // the last are long enough for the word cache
      const auto ids = tokenizer.tokenize(text, {.add_special = false, .parse_special = false}).value();
      ASSERT_EQ(ids, pairs.plain(text, pre_tokenizer)) << text;
      std::string joined;
      for (const TokenId id : ids) joined += tokenizer.piece(id).value();
      ASSERT_EQ(joined, repaired(text));
      if (!pre_tokenizer.has(PreTokenizer::kCleans)) {
        ASSERT_EQ(tokenizer.detokenize(ids).value(), repaired(text));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryPreTokenizerOfBytePairs,
                         testing::ValuesIn(pre_tokenizers().begin(), pre_tokenizers().end()), [](const auto& each) {
                           std::string name(each.param);
                           std::erase(name, '-');
                           return name;
                         });

TEST(BytePairs, TakeAWordThatIsATokenWholeOnlyWhereThePreTokenizerSaysSo) {
  for (const std::string_view pre : {"llama-bpe", "gpt-2"}) {
    Words words = gpt2_base(pre);
    words.merge("b", "c");
    words.add("bc");
    const TokenId whole = words.add("abc");
    words.source.scores.clear();
    const auto tokenizer = words.build().value();
    const Ids expected = pre == "llama-bpe" ? Ids{whole} : Ids{'a', 256};
    EXPECT_EQ(tokenizer.tokenize("abc").value(), expected) << pre;
  }
}

TEST(BytePairs, LeaveOutBytesThatTheVocabularyLacksOrCallThemUnknown) {
  for (const bool has_unknown : {false, true}) {
    Words words;
    words.source.model = "gpt2";
    words.source.has_merges = words.source.has_types = true;
    words.add("a");
    words.add("<unk>", TokenType::unknown);
    if (has_unknown) words.source.unknown = 1;
    words.source.scores.clear();
    const auto tokenizer = words.build().value();
    EXPECT_EQ(tokenizer.tokenize("aba").value(), has_unknown ? (Ids{0, 1, 0}) : (Ids{0, 0}));
  }
}

/// SentencePiece as its paper tells it, over the whole text at once.
Ids plain_llama(std::string_view text, const Words& words) {
  std::map<std::string, TokenId> ids;
  for (std::size_t i = 0; i < words.source.tokens.size(); ++i)
    if (static_cast<TokenType>(words.source.types[i]) == TokenType::normal)
      ids[std::string(words.source.tokens[i])] = static_cast<TokenId>(i);
  std::string spaced = kMark;
  for (const char c : text) spaced += c == ' ' ? kMark : std::string(1, c);
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < spaced.size(); at += parts.back().size()) {
    const auto lead = static_cast<unsigned char>(spaced[at]);
    parts.push_back(spaced.substr(at, lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1));
  }
  for (;;) {
    std::size_t best = parts.size();
    float score = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = ids.find(parts[i] + parts[i + 1]);
      if (found == ids.end()) continue;
      const float candidate = words.source.scores[static_cast<std::size_t>(found->second)];
      if (best == parts.size() || candidate > score) {
        best = i;
        score = candidate;
      }
    }
    if (best == parts.size()) break;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  Ids result;
  for (const std::string& part : parts) {
    if (ids.contains(part)) {
      result.push_back(ids[part]);
      continue;
    }
    for (const char c : part) result.push_back(3 + static_cast<unsigned char>(c));
  }
  return result;
}

TEST(SentencePieces, MergeAsThePlainVersionDoes) {
  auto random = seeded();
  for (int round = 0; round < 60; ++round) {
    Words words = llama_base();
    std::vector<std::string> pieces{"a", "b", kMark, "é", "1"};
    for (const std::string& piece : pieces)
      if (piece == kMark || below(random, 4)) words.add(piece, TokenType::normal, -static_cast<float>(below(random, 5)));
    for (int i = 0; i < 40; ++i) {
      const std::string joined = pieces[below(random, pieces.size())] + pieces[below(random, pieces.size())];
      if (joined.size() > 20 || std::ranges::find(words.texts, joined) != words.texts.end()) continue;
      // Few scores, so that ties are common; some positive, some -0.
      constexpr float scores[] = {-3, -2.5, -1, -0.0f, 0, 2};
      words.add(joined, TokenType::normal, scores[below(random, std::size(scores))]);
      pieces.push_back(joined);
    }
    const auto tokenizer = words.build().value();
    for (int i = 0; i < 20; ++i) {
      const std::string text = random_text(random, i < 18 ? 40 : 500);
      if (text.empty()) continue;
      const auto ids = tokenizer.tokenize(text, {.add_special = false, .parse_special = false}).value();
      ASSERT_EQ(ids, plain_llama(text, words)) << text;
      std::string joined;
      for (const TokenId id : ids) joined += tokenizer.piece(id).value();
      if (repaired(text) == text) {
        ASSERT_EQ(joined, " " + text);
        ASSERT_EQ(tokenizer.detokenize(ids).value(), text);
      }
    }
  }
}

TEST(SentencePieces, DoNotMergeIntoControlTokens) {
  Words words = llama_base();
  words.add("<", TokenType::normal, -1);
  words.add("s>", TokenType::normal, -1);
  words.source.add_space_prefix = false;
  const auto tokenizer = words.build().value();
  const auto ids = tokenizer.tokenize("<s>", {.add_special = false, .parse_special = false}).value();
  EXPECT_EQ(ids, (Ids{259, 260}));
}

TEST(SentencePieces, PutASpaceBeforeTheTextUnlessTheFileSaysNo) {
  for (const bool prefix : {true, false}) {
    Words words = llama_base();
    words.add(kMark, TokenType::normal, -1);
    words.source.add_space_prefix = prefix;
    const auto tokenizer = words.build().value();
    EXPECT_EQ(tokenizer.tokenize("a").value(), prefix ? (Ids{1, 259, 3 + 'a'}) : (Ids{1, 3 + 'a'}));
    EXPECT_EQ(tokenizer.detokenize(Ids{259, 3 + 'a'}).value(), prefix ? "a" : " a");
  }
}

TEST(WordPieces, CoverAWordByItsLongestTokensOrNotAtAll) {
  Words words = bert_base();
  for (const char* begin : {"un", "una", "a", "unaff", "\xC3\x9F"}) words.add(kMark + begin);
  for (const char* inner : {"aff", "able", "x"}) words.add(inner);
  words.source.scores.clear();
  const auto tokenizer = words.build().value();
  const auto ids = [&](std::string_view text) { return tokenizer.tokenize(text, {.add_special = false}).value(); };
  EXPECT_EQ(ids("unaffable"), (Ids{8, 11}));
  EXPECT_EQ(ids("UNAFF\xC3\xA1"
                "ble"),
            (Ids{8, 11}));
  EXPECT_EQ(ids("unafx"), (Ids{1}));
  EXPECT_EQ(ids("a  \xC3\x9Fx"), (Ids{7, 9, 12}));
  EXPECT_EQ(ids("able"), (Ids{1}));  // only inside a word
  EXPECT_EQ(ids("a\xE2\x96\x81"
                "un"),
            (Ids{1}));  // U+2581 itself begins no second word
  EXPECT_EQ(ids("un" + std::string(98, 'x')).size(), 99u);
  EXPECT_EQ(ids("un" + std::string(99, 'x')), (Ids{1}));  // over 100 characters
  EXPECT_EQ(tokenizer.tokenize("a").value(), (Ids{2, 7, 3}));
}

TEST(WordPieces, KeepCaseAndAccentsWhereTheFileSaysSo) {
  Words words = bert_base();
  words.add(kMark + "\xC3\x89t\xC3\xA9");
  words.source.scores.clear();
  words.source.lowercase = false;
  const auto tokenizer = words.build().value();
  EXPECT_EQ(tokenizer.tokenize("\xC3\x89t\xC3\xA9", {.add_special = false}).value(), (Ids{5}));
  EXPECT_EQ(tokenizer.tokenize("\xC3\xA9t\xC3\xA9", {.add_special = false}).value(), (Ids{1}));
}

TEST(WordPieces, CleanTheSpacesBeforePunctuation) {
  Words words = bert_base();
  for (const char* text : {"a", ".", "?", "'", "s", "ve", "t"}) words.add(kMark + text);
  words.source.scores.clear();
  const auto tokenizer = words.build().value();
  const auto text = [&](std::string_view in) {
    return tokenizer.detokenize(tokenizer.tokenize(in, {.add_special = false}).value()).value();
  };
  EXPECT_EQ(text("a . a ?"), " a. a?");
  EXPECT_EQ(text("a's a've a't"), " a's a've a't");
  EXPECT_EQ(text("' ' a"), "'' a");
}

// A plain n * n merge of these would take hours.
TEST(Tokenizer, TakesLongWordsInItsStride) {
  constexpr std::size_t bytes = 1 << 20;
  auto random = seeded();
  BytePairs pairs(random, "gpt-2", 60);
  Words llama = llama_base();
  for (std::string run = "a"; run.size() <= 16; run += run)
    llama.add(run, TokenType::normal, -1.0f / static_cast<float>(run.size()));
  for (std::string run = kMark; run.size() <= 48; run += run) llama.add(run, TokenType::normal, -1);
  Words bert = bert_base();
  bert.add(kMark + "a");
  bert.source.scores.clear();
  std::string mixed;
  while (mixed.size() < bytes) mixed += below(random, 2) ? "a" : "b";
  std::string marks = "a";
  while (marks.size() < bytes) marks += below(random, 2) ? "\U0000302E" : "\U0001D165";
  for (const Words* words : {&pairs.words, &llama, &bert}) {
    const auto tokenizer = words->build().value();
    for (const std::string& text : {std::string(bytes, 'a'), mixed, std::string(bytes, ' '), std::string(bytes, '\n'),
                                    std::string(bytes, '\xFF'), marks, std::string(bytes, ' ') + "x"}) {
      const auto ids = tokenizer.tokenize(text);
      ASSERT_TRUE(ids) << ids.error().text();
    }
  }
  const auto tokenizer = llama.build().value();
  EXPECT_EQ(tokenizer.detokenize(tokenizer.tokenize(mixed).value()).value(), mixed);
}

TEST(Tokenizer, ServesManyThreadsAtOnce) {
  auto random = seeded();
  const BytePairs pairs(random, "qwen2", 60);
  const auto tokenizer = pairs.words.build().value();
  const std::string text = random_text(random, 2000);
  const Ids expected = tokenizer.tokenize(text).value();
  std::vector<Ids> results(4);
  {
    std::vector<std::jthread> threads;
    for (Ids& result : results) threads.emplace_back([&] { result = tokenizer.tokenize(text).value(); });
  }
  for (const Ids& result : results) EXPECT_EQ(result, expected);
}

}  // namespace
}  // namespace libabi::llm
