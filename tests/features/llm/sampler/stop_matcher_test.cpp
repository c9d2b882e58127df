#include <abi/llm/sampler.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace libabi::llm {
namespace {

struct Shown {
  std::string text;
  bool stopped = false;
  bool operator==(const Shown&) const = default;
};

/// Pushes the pieces and flushes unless a stop came.
Shown show(const std::vector<std::string>& stops, const std::vector<std::string>& pieces) {
  StopMatcher matcher(stops);
  Shown shown;
  for (const std::string& piece : pieces) {
    auto [text, stopped] = matcher.push(piece);
    shown.text += text;
    if (stopped) {
      shown.stopped = true;
      return shown;
    }
  }
  shown.text += matcher.flush();
  return shown;
}

TEST(StopMatcher, HoldsBackWhatMayStillBecomeAStop) {
  StopMatcher matcher({"\n\nUser:"});
  EXPECT_EQ(matcher.push("Hello\n").text, "Hello");
  EXPECT_EQ(matcher.push("\nUs").text, "");
  EXPECT_EQ(matcher.push("ual").text, "\n\nUsual");
  EXPECT_EQ(matcher.push(" end\n\n").text, " end");
  EXPECT_EQ(matcher.flush(), "\n\n");
  EXPECT_EQ(matcher.flush(), "");
}

TEST(StopMatcher, NeverShowsAStopNorWhatFollows) {
  EXPECT_EQ(show({"END"}, {"a", "E", "N", "D", "b"}), (Shown{"a", true}));
  EXPECT_EQ(show({"END"}, {"aENDb"}), (Shown{"a", true}));
  EXPECT_EQ(show({"END"}, {"EN", "EN", "D"}), (Shown{"EN", true}));
  EXPECT_EQ(show({"END"}, {"END"}), (Shown{"", true}));
}

TEST(StopMatcher, ShowsTheLastBytesWhenNoStopCame) { EXPECT_EQ(show({"END"}, {"the E", "N"}), (Shown{"the EN", false})); }

TEST(StopMatcher, WithoutStopsHoldsNothing) {
  StopMatcher matcher({"", ""});
  EXPECT_EQ(matcher.push("text").text, "text");
  EXPECT_FALSE(matcher.push("").stopped);
  EXPECT_EQ(matcher.flush(), "");
}

TEST(StopMatcher, FindsStopsThatOverlapThemselves) {
  EXPECT_EQ(show({"aab"}, {"a", "a", "a", "b"}), (Shown{"a", true}));
  EXPECT_EQ(show({"abab", "ba"}, {"a", "b", "a", "b"}), (Shown{"a", true}));
}

TEST(StopMatcher, SaysTheSameHoweverTheTextIsCut) {
  const char* given = std::getenv("ABI_SEED");
  const auto seed = given ? std::strtoull(given, nullptr, 10) : 20260101ull;
  SCOPED_TRACE("ABI_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto text = [&](std::size_t least, std::size_t most) {
    std::string out(least + random() % (most - least + 1), 'a');
    for (char& c : out) c = static_cast<char>('a' + random() % 2);
    return out;
  };
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> stops;
    for (std::uint64_t i = random() % 4; i > 0; --i) stops.push_back(text(1, 6));
    const std::string whole = text(0, 16);
    std::vector<std::string> bytes, cut;
    for (const char c : whole) bytes.emplace_back(1, c);
    for (std::size_t at = 0; at < whole.size();) {
      const std::size_t n = 1 + random() % 5;
      cut.push_back(whole.substr(at, n));
      at += n;
    }
    const Shown expected = show(stops, {whole});
    EXPECT_EQ(show(stops, bytes), expected) << whole;
    EXPECT_EQ(show(stops, cut), expected) << whole;
    for (const std::string& stop : stops) EXPECT_EQ(expected.text.find(stop), std::string::npos) << stop << " in " << whole;
    if (!expected.stopped) {
      EXPECT_EQ(expected.text, whole);
    }
  }
}

}  // namespace
}  // namespace libabi::llm
