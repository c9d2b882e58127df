#include "counted_memory.hpp"

#include <gtest/gtest.h>

#include "exercise.hpp"
#include "files.hpp"
#include "gguf_bytes.hpp"

#include "time_limit.hpp"

namespace {

using namespace libabi;
using namespace libabi::llm;

constexpr std::uint64_t kMiB = 1u << 20;

struct Cost {
  bool opened;
  std::uint64_t peak_bytes;
  double seconds;
};

/// Opens and closes the file.
Cost cost_of(const std::vector<std::byte>& bytes) {
  const std::uint64_t before = counted::live_bytes();
  counted::reset_peak();
  const double start = cpu_seconds();
  bool opened = false;
  {
    const auto file = GgufFile::parse(bytes, "test");
    opened = file.has_value();
  }
  const double took = cpu_seconds() - start;
  EXPECT_EQ(counted::live_bytes(), before) << "something is left behind";
  return {opened, counted::peak_bytes() - before, took};
}

/// The promise is 4 x the file + 1 MiB, and the pages of the file that are mapped are counted too.
void expect_within_bounds(const std::vector<std::byte>& bytes, bool opens, const char* what) {
  const Cost cost = cost_of(bytes);
  EXPECT_EQ(cost.opened, opens) << what;
  EXPECT_LE(cost.peak_bytes + bytes.size(), 4 * bytes.size() + kMiB) << what;
  EXPECT_LT(cost.seconds, seconds_at_most) << what;
}

/// The shortest names there are: number i in base 255, no NUL.
std::string short_name(std::uint64_t i) {
  std::string name;
  for (++i; i > 0; i /= 255) name += static_cast<char>(1 + i % 255);
  return name;
}

TEST(GgufMemory, IsBoundedForTheMostAndSmallestThingsAFileCanHold) {
  GgufBytes entries(0, 32768);
  for (std::uint64_t i = 0; i < 32768; ++i) entries.entry(short_name(i), GgufType::u8, '1');
  expect_within_bounds(entries.bytes(), true, "32768 entries");

  GgufBytes tensors(262144, 1);
  tensors.entry("general.alignment", GgufType::u32, 8u);
  for (std::uint64_t i = 0; i < 262144; ++i) tensors.tensor(short_name(i), {1}, 0, i * 8);
  tensors.pad(8).data(262144 * 8);
  expect_within_bounds(tensors.bytes(), true, "262144 tensors");

  GgufBytes reversed(262144, 0);
  for (std::uint64_t i = 0; i < 262144; ++i) reversed.tensor(short_name(262143 - i), {1, 1, 1, 1}, 0, (262143 - i) * 32);
  reversed.pad().data(262144 * 32);
  expect_within_bounds(reversed.bytes(), true, "262144 tensors, backwards");

  GgufBytes both(100000, 32768);
  for (std::uint64_t i = 0; i < 32768; ++i) both.entry(short_name(i), GgufType::u8, '1');
  for (std::uint64_t i = 0; i < 100000; ++i) both.tensor(short_name(i), {32}, 0, i * 128);
  both.pad().data(100000 * 128);
  expect_within_bounds(both.bytes(), true, "32768 entries and 100000 tensors");
}

TEST(GgufMemory, IsBoundedWhereCountsLie) {
  expect_within_bounds(GgufBytes(0, 32768).data(32768 * 14).bytes(), false, "32768 entries announced");
  expect_within_bounds(GgufBytes(262144, 0).data(262144 * 33).bytes(), false, "262144 tensors announced");
  expect_within_bounds(GgufBytes(1, 32768).data(64).bytes(), false, "32768 entries announced, no bytes");
  expect_within_bounds(GgufBytes(UINT64_MAX, UINT64_MAX).data(64).bytes(), false, "everything announced");
  for (const GgufType type : {GgufType::u8, GgufType::u64, GgufType::string}) {
    expect_within_bounds(GgufBytes(0, 1).array("a", type, UINT64_MAX).data(1000).bytes(), false, "an endless array");
    expect_within_bounds(GgufBytes(0, 1).array("a", type, 1000000).data(8000000).bytes(), true, "an array of a million");
  }
}

TEST(GgufMemory, IsBoundedForNamesThatAreHardToTellApart) {
  // All names are as long as names may be and differ at the end only.
  constexpr std::uint64_t count = 400;
  GgufBytes file(0, count);
  for (std::uint64_t i = 0; i < count; ++i) file.entry(std::string(65530, 'x') + std::to_string(10000 + i), GgufType::u8, '1');
  expect_within_bounds(file.bytes(), true, "400 names of 64 KiB");
}

TEST(GgufMemory, ErrorsOfHugeNamesAreSmall) {
  GgufBytes file(0, 1);
  file.entry(std::string(65535, '\xff'), static_cast<GgufType>(99), 0);
  const std::uint64_t before = counted::live_bytes();
  const auto opened = GgufFile::parse(file.bytes(), "test");
  ASSERT_FALSE(opened);
  EXPECT_LT(counted::live_bytes() - before, 2000u);
}

TEST(GgufMemory, EveryAllocationMayFailWhileAFileIsOpened) {
  const std::filesystem::path corpus = ABI_SOURCE_DIR "/tests/data/corpus/gguf";
  for (const char* name : {"all-v3.gguf", "split-00001-of-00002.gguf", "nested.gguf"}) {
    const auto path = corpus / name;
    const std::uint64_t before = counted::live_bytes();
    std::uint64_t n = 0;
    for (bool hit = true; hit; ++n) {
      ASSERT_LT(n, 10000u);
      const counted::Failure failure(n);
      const auto file = GgufFile::open(path);
      hit = failure.hit();
      if (hit) {
        // An error was on its way in nested.gguf; either may come out.
        ASSERT_FALSE(file);
        EXPECT_TRUE(file.error().code == ErrorCode::exhausted || file.error().code == ErrorCode::unsupported)
            << file.error().text();
      } else {
        EXPECT_EQ(file.has_value(), std::string_view(name) != "nested.gguf");
      }
    }
    EXPECT_GT(n, 3u);
    EXPECT_EQ(counted::live_bytes(), before) << name;
  }
}

TEST(GgufMemory, EveryAllocationMayFailInAccessors) {
  const auto file = GgufFile::open(ABI_SOURCE_DIR "/tests/data/corpus/gguf/all-v3.gguf");
  ASSERT_TRUE(file);
  const auto walk = [&] {
    for (const GgufEntry& entry : file->metadata()) {
      const GgufValue& value = entry.value;
      (void)value.to_integer();
      (void)value.to_boolean();
      (void)value.to_string();
      (void)value.floats();
      (void)value.integers();
      (void)value.strings();
      (void)value.element(5);
      (void)value.text();
      (void)file->unsigned_at(entry.key);
      (void)file->real_at("none");
      (void)file->boolean_or(entry.key, false);
    }
  };
  for (std::uint64_t n = 0;; ++n) {
    const counted::Failure failure(n);
    walk();
    if (!failure.hit()) break;
    ASSERT_LT(n, 10000u);
  }
}

TEST(GgufMemory, EveryAllocationMayFailInTheWriter) {
  const TemporaryFolder folder;
  const auto path = folder / "out.gguf";
  for (std::uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 10000u);
    Result<void> result;
    bool hit = false;
    {
      const counted::Failure failure(n);
      GgufWriter writer;
      writer.add("number", 1u);
      writer.add("a text of some length that is on the heap", "and its value, which is long too, longer than a short string");
      writer.add_floats("floats", std::array{1.0f, 2.0f});
      result = writer.add_tensor("t", quant::format(quant::FormatId::f32), std::array<std::uint64_t, 2>{3, 3},
                                 [](std::uint64_t, std::span<std::byte>) { return Result<void>(); });
      if (result) result = writer.write(path);
      hit = failure.hit();
    }
    EXPECT_EQ(folder.entries(), result ? 1u : 0u) << "allocation " << n;
    if (!hit) {
      EXPECT_TRUE(result);
      break;
    }
    ASSERT_FALSE(result) << "allocation " << n << " fails unnoticed";
    EXPECT_TRUE(result.error().code == ErrorCode::exhausted || result.error().code == ErrorCode::failed_precondition);
  }
}

}  // namespace
