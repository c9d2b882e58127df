#include "counted_memory.hpp"
#include "time_limit.hpp"

#include <gtest/gtest.h>

#include "exercise.hpp"
#include "files.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>

namespace {

using namespace libabi;
using namespace libabi::llm;

constexpr std::uint64_t kMiB = 1u << 20;

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* const text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

struct Tally {
  int opened = 0;
  int refused = 0;
  double seconds_max = 0;
};

/// Opens the bytes: an error that says something, or a file that keeps every promise; within the bounds.
void attempt(std::span<const std::byte> bytes, Tally& tally, const std::string& where) {
  // A copy of its exact size, so that a sanitizer sees the first byte behind it.
  const auto copy = std::make_unique<std::byte[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  const std::uint64_t before = counted::live_bytes();
  counted::reset_peak();
  const double start = cpu_seconds();
  {
    const auto file = GgufFile::parse({copy.get(), bytes.size()}, "mutated");
    ASSERT_LE(counted::peak_bytes() - before + bytes.size(), 4 * bytes.size() + kMiB) << where;
    if (file) {
      ++tally.opened;
      ASSERT_EQ(exercise(*file), "") << where;
    } else {
      ++tally.refused;
      ASSERT_TRUE(file.error().code == ErrorCode::corrupt || file.error().code == ErrorCode::unsupported) << file.error().text();
      ASSERT_NE(file.error().message.find("at byte "), std::string::npos) << file.error().text();
    }
    ASSERT_LE(counted::peak_bytes() - before + bytes.size(), 4 * bytes.size() + kMiB) << where;
  }
  ASSERT_EQ(counted::live_bytes(), before) << where;
  const double seconds = cpu_seconds() - start;
  tally.seconds_max = std::max(tally.seconds_max, seconds);
  ASSERT_LT(seconds, seconds_at_most) << where;
}

std::vector<std::byte> small_file() { return read_file(ABI_SOURCE_DIR "/tests/data/corpus/gguf/all-v3.gguf"); }

TEST(GgufMutation, EveryPrefixIsAnErrorButTheLastFew) {
  const auto bytes = small_file();
  ASSERT_GT(bytes.size(), 1000u);
  Tally tally;
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    attempt(std::span(bytes).first(length), tally, "prefix of " + std::to_string(length));
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(tally.opened, 29) << "the padding behind the last tensor, of 68 bytes, may be missing";
}

TEST(GgufMutation, ARandomByteMakesAnErrorOrAValidFile) {
  const auto original = small_file();
  const std::uint64_t count = from_environment("ABI_MUTATIONS", sanitized ? 20'000 : 100'000);
  const std::uint64_t seed = from_environment("ABI_SEED", 20260801);
  std::cout << "ABI_SEED=" << seed << " ABI_MUTATIONS=" << count << "\n";
  std::mt19937_64 random(seed);
  Tally tally;
  std::vector<std::byte> bytes;
  for (std::uint64_t i = 0; i < count; ++i) {
    bytes = original;
    for (std::uint64_t changes = 1 + random() % 4; changes > 0; --changes)
      bytes[static_cast<std::size_t>(random() % bytes.size())] = static_cast<std::byte>(random());
    attempt(bytes, tally, "mutation " + std::to_string(i) + " of seed " + std::to_string(seed));
    if (HasFatalFailure()) return;
  }
  std::cout << tally.opened << " opened, " << tally.refused << " refused, the slowest took " << tally.seconds_max << " s\n";
  EXPECT_GT(tally.opened, 0);
  EXPECT_GT(tally.refused, 0);
}

TEST(GgufMutation, NumbersOnTheEdgeInEveryPlaceMakeAnErrorOrAValidFile) {
  const auto original = small_file();
  Tally tally;
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x7fffffff}, std::uint64_t{0xffffffff}, std::uint64_t{1} << 32,
        std::uint64_t{1} << 61, std::uint64_t{1} << 63, UINT64_MAX - 31, UINT64_MAX}) {
    for (const std::size_t width : {std::size_t{4}, std::size_t{8}}) {
      for (std::size_t at = 0; at + width <= original.size(); at += sanitized ? 5 : 1) {
        auto bytes = original;
        std::memcpy(bytes.data() + at, &number, width);
        attempt(bytes, tally, format("{} in {} bytes at {}", number, width, at));
        if (HasFatalFailure()) return;
      }
    }
  }
  EXPECT_GT(tally.refused, 0);
}

}  // namespace
