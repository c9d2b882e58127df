#include "tokenizer/unicode/unicode.hpp"

#include "tokenizer/bert_words.hpp"
#include "tokenizer/utf8.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>

namespace libabi::llm {
namespace {

using unicode::Category;

TEST(Unicode, KnowsCategories) {
  EXPECT_EQ(unicode::category('a'), Category::ll);
  EXPECT_EQ(unicode::category('7'), Category::nd);
  EXPECT_EQ(unicode::category('\\'), Category::po);
  EXPECT_EQ(unicode::category(U'日'), Category::lo);
  EXPECT_EQ(unicode::category(0x301), Category::mn);
  EXPECT_EQ(unicode::category(0x2028), Category::zl);
  EXPECT_EQ(unicode::category(0xD800), Category::cs);
  EXPECT_EQ(unicode::category(0xE000), Category::co);
  EXPECT_EQ(unicode::category(0x10FFFF), Category::cn);
  EXPECT_EQ(unicode::category(0x110000), Category::cn);
  EXPECT_EQ(unicode::category(0xFFFFFFFF), Category::cn);
}

std::u32string lower(char32_t code) {
  std::u32string out;
  unicode::append_lower(out, code);
  return out;
}
std::u32string bare(char32_t code) {
  std::u32string out;
  unicode::append_bare(out, code);
  return out;
}

/// FNV-1a over 32-bit values.
struct Checksum {
  std::uint64_t value = 14695981039346656037u;
  void add(char32_t each) { value = (value ^ each) * 1099511628211u; }
};

// Computed in Python from the database itself, Unicode 18.0.0 (lower case: 14.0.0), not from our tables.
TEST(Unicode, AgreesWithTheDatabaseOnEveryCodePoint) {
  constexpr std::size_t expected[] = {65,  170, 801723, 137468, 2048, 2366, 473, 153396, 31, 1906, 477,  13,   2090, 770, 562,
                                      915, 10,  27,     78,     10,   12,   643, 80,     67, 127,  1005, 7561, 1,    1,   17};
  std::array<std::size_t, unicode::kCategories> counts{};
  Checksum categories, lowered, bared;
  for (char32_t code = 0; code < 0x110000; ++code) {
    const auto category = static_cast<std::size_t>(unicode::category(code));
    ++counts[category];
    categories.add(static_cast<char32_t>(category));
    for (const char32_t each : lower(code)) lowered.add(each);
    for (const char32_t each : bare(code)) bared.add(each);
  }
  EXPECT_EQ(unicode::version(), "18.0.0");
  EXPECT_TRUE(std::ranges::equal(counts, expected));
  EXPECT_EQ(categories.value, 6487845839340676833u);
  EXPECT_EQ(lowered.value, 8268388485277460014u);
  EXPECT_EQ(bared.value, 10670236301029138230u);
}

TEST(Unicode, LowersCharacters) {
  EXPECT_EQ(lower('A'), U"a");
  EXPECT_EQ(lower('['), U"[");
  EXPECT_EQ(lower(0x100), U"\x101");
  EXPECT_EQ(lower(0x101), U"\x101");
  EXPECT_EQ(lower(0x130), U"i\x307");
  EXPECT_EQ(lower(0x1E9E), U"\xDF");
  EXPECT_EQ(lower(0x2126), U"\x3C9");
  EXPECT_EQ(lower(0x10400), U"\x10428");
  EXPECT_EQ(lower(0x1E921), U"\x1E943");
  EXPECT_EQ(lower(0x10FFFF), U"\x10FFFF");
  for (char32_t code = 0; code < 0x110000; ++code)  // lower case is lower already
    if (code != 0x130) {
      ASSERT_EQ(lower(lower(code)[0]), lower(code)) << static_cast<std::uint32_t>(code);
    }
}

TEST(Unicode, TakesMarksOffAndDecomposes) {
  EXPECT_EQ(bare(0xE9), U"e");
  EXPECT_EQ(bare(0x1EC7), U"e");  // two marks
  EXPECT_EQ(bare(0x301), U"");
  EXPECT_EQ(bare(0xAC01), U"\x1100\x1161\x11A8");
  EXPECT_EQ(bare(0xAC00), U"\x1100\x1161");
  EXPECT_EQ(bare(0xD7A3), U"\x1112\x1175\x11C2");
  EXPECT_EQ(bare(0x9CB), U"\x9C7\x9BE");
  EXPECT_EQ(bare(0x37E), U";");
  EXPECT_EQ(bare(0xF900), U"\x8C48");
  EXPECT_EQ(bare(0x2FA1D), U"\x2A600");
  EXPECT_EQ(bare(0xFB01), U"\xFB01");  // compatibility only
  EXPECT_EQ(bare(0x110000), U"\x110000");
  EXPECT_EQ(unicode::combining_class(0x302E), 224);
  EXPECT_EQ(unicode::combining_class('a'), 0);
}

TEST(Utf8, DecodesWhatItEncodesAndNothingElse) {
  for (char32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string text;
    append_utf8(text, code);
    const Decoded decoded = decode_utf8(text, 0);
    ASSERT_EQ(decoded.code, code);
    ASSERT_EQ(decoded.bytes, text.size());
    ASSERT_EQ(previous("x" + text, text.size() + 1), 1u);
    if (text.size() > 1) {
      ASSERT_FALSE(decode_utf8(std::string_view(text).substr(0, text.size() - 1), 0).valid());
    }
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xFF", "\xC3(", "\xE4\xB8("})
    EXPECT_FALSE(decode_utf8(bad, 0).valid()) << bad;
  EXPECT_TRUE(decode_utf8("\xEF\xBF\xBD", 0).valid());
}

std::vector<std::string> words_of(std::string_view text, const BertRules& rules) {
  std::vector<std::string> words;
  BertWords reader(rules, [&](std::string_view word, std::size_t) { words.emplace_back(word); });
  reader.read(text);
  return words;
}

TEST(BertWords, AreThoseOfTheDescription) {
  std::ifstream file(ABI_SOURCE_DIR "/tests/data/golden/llm/vocab/bert_words.json");
  const auto golden = nlohmann::json::parse(file);
  using Words = std::vector<std::string>;
  ASSERT_GT(golden.at("texts").size(), 200u);
  for (std::size_t i = 0; i < golden.at("texts").size(); ++i) {
    const std::string text = golden.at("texts")[i];
    EXPECT_EQ(words_of(text, {.lowercase = true, .strip_accents = true}), golden.at("uncased")[i].get<Words>()) << text;
    EXPECT_EQ(words_of(text, {.lowercase = false, .strip_accents = false}), golden.at("cased")[i].get<Words>()) << text;
  }
}

TEST(BertWords, OrderTheMarksThatStay) {
  // U+302E has class 224, U+1D165 216: canonical order is by class.
  EXPECT_EQ(words_of("a\U0000302E\U0001D165", {}), std::vector<std::string>{"a\U0001D165\U0000302E"});
  EXPECT_EQ(words_of("a\U0000302E\U0001D165", {.lowercase = true, .strip_accents = false}),
            std::vector<std::string>{"a\U0000302E\U0001D165"});
}

TEST(BertWords, LeaveOutWhatIsNotUtf8) {
  EXPECT_EQ(words_of("a\xFF"
                     "b \xC3",
                     {}),
            std::vector<std::string>{"ab"});
}

}  // namespace
}  // namespace libabi::llm
