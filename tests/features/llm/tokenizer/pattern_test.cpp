#include "tokenizer/pattern.hpp"

#include "tokenizer/pre_tokenizer.hpp"

#include <abi/base/check.hpp>
#include <abi/llm/tokenizer.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace libabi::llm {
namespace {

using nlohmann::json;

std::size_t match(std::string_view rule, std::string_view text) { return Pattern(rule).match(text, 0); }

TEST(Pattern, TakesTheFirstAlternativeThatMatches) {
  EXPECT_EQ(match("ab|abc", "abcd"), 2u);
  EXPECT_EQ(match("x|abc|ab", "abcd"), 3u);
  EXPECT_EQ(match("b|c", "abcd"), 0u);
}

TEST(Pattern, GivesBackWhatTheRestNeeds) {
  EXPECT_EQ(match(R"(\s*[\r\n]+)", "  \n \nx"), 5u);
  EXPECT_EQ(match(R"(\s*[\r\n]+)", "    x"), 0u);
  EXPECT_EQ(match(R"([^x]?a+)", "aaab"), 3u);
  EXPECT_EQ(match(R"(\s+(?!\S))", "\u3000 \u00a0x"), 4u);  // gives a two-byte character back
  EXPECT_EQ(match(R"(\s+(?!\S))", " x"), 0u);
  EXPECT_EQ(match(R"(\s+(?!\S))", "   "), 3u);
}

TEST(Pattern, CountsBetweenItsBounds) {
  EXPECT_EQ(match(R"([0-9]{3})", "12"), 0u);
  EXPECT_EQ(match(R"([0-9]{3})", "12345"), 3u);
  EXPECT_EQ(match(R"(\p{N}{1,3})", "12345"), 3u);
  EXPECT_EQ(match(R"(\p{N}{1,3})", "1a"), 1u);
}

TEST(Pattern, KnowsCategoriesSetsAndCodePoints) {
  EXPECT_EQ(match(R"(\p{L}+)", "aé日Ω1"), 8u);
  EXPECT_EQ(match(R"(\p{Lu}+)", "ÀBc"), 3u);
  EXPECT_EQ(match(R"([^\s\p{L}]+)", "1+\xF0\x9F\x98\x80 "), 6u);
  EXPECT_EQ(match(R"([\x{4E00}-\x{9FA5}]+)", "日本x"), 6u);
  EXPECT_EQ(match(R"([^\x{4E00}-\x{9FA5}]+)", "xé日"), 3u);
  EXPECT_EQ(match(R"([a\-z]+)", "-azb"), 3u);
  EXPECT_EQ(match(R"([a-]+)", "-ab"), 2u);
  for (const char* space :
       {" ", "\t", "\n", "\v", "\f", "\r", "\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE3\x80\x80"})
    EXPECT_EQ(match(R"(\s)", space), std::string_view(space).size());
  for (const char* other : {"\x1C", "\x1F", "\xE2\x80\x8B", "\xEF\xBB\xBF", "x"}) EXPECT_EQ(match(R"(\s)", other), 0u);
}

TEST(Pattern, ReadsBytesThatAreNotUtf8AsReplacementCharacters) {
  EXPECT_EQ(match(R"([^\s\p{L}\p{N}]+)", "\xFF\xC3\xE4\xB8"), 4u);
  EXPECT_EQ(match(R"(\p{L}+)", "a\xC3"), 1u);
  EXPECT_EQ(match(R"([^\s]+x)", "\xC3\xA9\xC3x"), 4u);
}

TEST(Pattern, RefusesRulesThatItDoesNotKnow) {
  for (const char* rule :
       {"", "a||b", "(a)", "a*", "[a", "\\q", "\\p{Xx}", "a{3,2}", "a{0}", "(?!a", "[\\s\\S]", "[b-a]", "a\xFF"})
    EXPECT_THROW(Pattern{rule}, CheckFailure) << rule;
}

class EveryPreTokenizer : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryPreTokenizer, CutsAsTheRegularExpressionsDo) {
  std::ifstream file(ABI_SOURCE_DIR "/tests/data/golden/llm/vocab/pre_tokenizer_words.json");
  const json golden = json::parse(file);
  ASSERT_TRUE(golden.at("bytes_of_words").contains(std::string(GetParam()))) << "add the rules to make_words.py";
  const json& expected = golden.at("bytes_of_words").at(std::string(GetParam()));
  const auto pre_tokenizer = PreTokenizer::find(GetParam()).value();
  ASSERT_GT(expected.size(), 200u);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string text = golden.at("texts")[i];
    std::vector<std::size_t> sizes;
    std::string joined;
    pre_tokenizer.split(text, [&](std::string_view word) {
      sizes.push_back(word.size());
      joined += word;
    });
    EXPECT_EQ(sizes, expected[i].get<std::vector<std::size_t>>()) << "'" << text << "'";
    EXPECT_EQ(joined, text);
  }
}

TEST_P(EveryPreTokenizer, LosesNoByteOfAnyText) {
  const auto pre_tokenizer = PreTokenizer::find(GetParam()).value();
  std::uint64_t state = 7;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 60; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += static_cast<char>(state >> 56);
    }
    std::string joined;
    pre_tokenizer.split(text, [&](std::string_view word) {
      EXPECT_FALSE(word.empty());
      joined += word;
    });
    EXPECT_EQ(joined, text);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryPreTokenizer, testing::ValuesIn(pre_tokenizers().begin(), pre_tokenizers().end()),
                         [](const auto& each) {
                           std::string name(each.param);
                           std::erase(name, '-');
                           return name;
                         });

TEST(PreTokenizer, NamesTheKnownOnesWhenAskedForAnother) {
  const auto found = PreTokenizer::find("gpt-9");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::unsupported);
  for (const std::string_view name : pre_tokenizers()) EXPECT_NE(found.error().message.find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace libabi::llm
