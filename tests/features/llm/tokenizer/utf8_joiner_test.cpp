#include "tokenizer/utf8.hpp"
#include "vocabularies.hpp"

#include <abi/llm/tokenizer.hpp>

#include <gtest/gtest.h>

namespace libabi::llm {
namespace {

using namespace testing_vocabulary;

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Decoded decoded = decode_utf8(text, at);
    if (!decoded.valid()) return false;
    at += decoded.bytes;
  }
  return true;
}

TEST(Utf8Joiner, HoldsBackUntilTheCharacterIsWhole) {
  Utf8Joiner joiner;
  EXPECT_EQ(joiner.push("a\xF0"), "a");
  EXPECT_EQ(joiner.push("\x9F"), "");
  EXPECT_EQ(joiner.push("\x98"), "");
  EXPECT_EQ(joiner.push("\x80z"), "\xF0\x9F\x98\x80z");
  EXPECT_EQ(joiner.flush(), "");
}

TEST(Utf8Joiner, FlushesWhatNeverBecameWhole) {
  Utf8Joiner joiner;
  EXPECT_EQ(joiner.push("x\xE4\xB8"), "x");
  EXPECT_EQ(joiner.flush(), "\xE4\xB8");
  EXPECT_EQ(joiner.flush(), "");
}

TEST(Utf8Joiner, PassesOnWhatCanBeginOrContinueNothing) {
  for (const char* bytes : {"\xFF", "\xC0", "\x80", "\xE0\x80", "\xED\xA0", "\xF0\x80", "\xF4\x90", "\xF5", "\xC3("}) {
    Utf8Joiner joiner;
    EXPECT_EQ(joiner.push(bytes), bytes);
  }
  Utf8Joiner joiner;
  EXPECT_EQ(joiner.push("\xE4"), "");
  EXPECT_EQ(joiner.push("\xE4"), "\xE4");  // the second may still become something
  EXPECT_EQ(joiner.push("!"), "\xE4!");
}

TEST(Utf8Joiner, LosesNoBytesHoweverTheyArrive) {
  auto random = seeded();
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const bool valid = round % 2 == 0;
    for (std::size_t i = below(random, 30); i > 0; --i) {
      if (valid)
        append_utf8(text, static_cast<char32_t>(below(random, 4) ? below(random, 0xD000) : 0x10000 + below(random, 0x100000)));
      else
        text += static_cast<char>(below(random, 3) ? random() : 0xE0 + below(random, 0x20));
    }
    Utf8Joiner joiner;
    std::string joined;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t bytes = below(random, 5);
      const std::string whole = joiner.push(std::string_view(text).substr(at, bytes));
      at += bytes;
      joined += whole;
      EXPECT_LE(std::min(at, text.size()) - joined.size(), 3u);
      if (valid) {
        EXPECT_TRUE(is_utf8(whole));
      }
    }
    const std::string rest = joiner.flush();
    if (valid) {
      EXPECT_EQ(rest, "");
    }
    EXPECT_EQ(joined + rest, text);
  }
}

}  // namespace
}  // namespace libabi::llm
