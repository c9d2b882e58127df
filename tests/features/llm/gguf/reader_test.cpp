#include <gtest/gtest.h>

#include "files.hpp"
#include "gguf_bytes.hpp"

namespace {

using namespace libabi;
using namespace libabi::llm;

constexpr std::uint32_t kF32 = 0, kQ8_0 = 8, kQ4_K = 12;

void expect_error(const GgufBytes& file, ErrorCode code, std::string_view place, std::string_view words) {
  const auto opened = file.parse();
  ASSERT_FALSE(opened);
  const std::string text = opened.error().text();
  EXPECT_EQ(opened.error().code, code) << text;
  EXPECT_NE(text.find(std::string(place) + ":"), std::string::npos) << text;
  EXPECT_NE(text.find(words), std::string::npos) << text;
  EXPECT_TRUE(text.starts_with("test: ")) << text;
}

GgufBytes one_tensor(std::string_view name, const std::vector<std::uint64_t>& dims, std::uint32_t type = kF32,
                     std::uint64_t offset = 0, std::size_t data = 64) {
  GgufBytes file(1, 0);
  file.tensor(name, dims, type, offset).pad().data(data);
  return file;
}

TEST(GgufReader, RefusesWhatIsNoGgufFile) {
  expect_error(GgufBytes(), ErrorCode::corrupt, "at byte 0", "takes 4 bytes, 0 remain");
  expect_error(GgufBytes().raw("GGML").data(20), ErrorCode::corrupt, "at byte 0", "the magic number is 0x4c4d4747");
  expect_error(GgufBytes().raw("GGUF").put<std::uint16_t>(3), ErrorCode::corrupt, "at byte 4", "takes 4 bytes, 2 remain");
  expect_error(GgufBytes().raw("GGUF").put(3).put<std::uint64_t>(0).put(0), ErrorCode::corrupt, "at byte 16", "4 remain");
}

TEST(GgufReader, RefusesBigEndianFilesByName) {
  expect_error(GgufBytes(0, 0, 0x03000000), ErrorCode::unsupported, "at byte 4", "big-endian");
  expect_error(GgufBytes(0, 0, 0x02000000), ErrorCode::unsupported, "at byte 4", "big-endian");
  expect_error(GgufBytes().raw("FUGG").data(20), ErrorCode::unsupported, "at byte 0", "big-endian");
}

TEST(GgufReader, RefusesVersionsOtherThanTwoAndThree) {
  for (const std::uint32_t version : {0u, 1u, 4u, 65535u})
    expect_error(GgufBytes(0, 0, version), ErrorCode::unsupported, "at byte 4", "expected 2 or 3");
  for (const std::uint32_t version : {2u, 3u}) {
    const GgufBytes bytes(0, 0, version);
    const auto file = bytes.parse();
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(file->version(), version);
    EXPECT_EQ(file->alignment(), 32u);
  }
}

TEST(GgufReader, BelievesNoCountThatTheBytesCannotHold) {
  expect_error(GgufBytes(1, 0), ErrorCode::corrupt, "at byte 24", "1 tensors are announced");
  expect_error(GgufBytes(0, 1), ErrorCode::corrupt, "at byte 24", "1 metadata entries are announced");
  expect_error(GgufBytes(UINT64_MAX, 0).data(1000), ErrorCode::corrupt, "at byte 24", "hold at most 30");
  expect_error(GgufBytes(0, UINT64_MAX).data(1000), ErrorCode::corrupt, "at byte 24", "hold at most 71");
  expect_error(GgufBytes(0, 1).string("k").put(GgufType::string).put(UINT64_MAX), ErrorCode::corrupt, "at byte 37",
               "a length of 18446744073709551615, 0 bytes remain");
  expect_error(GgufBytes(0, 1).put(UINT64_MAX).data(32), ErrorCode::corrupt, "at byte 24", "a key has a length of");
  for (const std::uint64_t count : {std::uint64_t{3}, UINT64_MAX / 8 + 2, UINT64_MAX})
    for (const GgufType type : {GgufType::u64, GgufType::string})
      expect_error(GgufBytes(0, 1).array("k", type, count).data(16), ErrorCode::corrupt, "at byte 49", "hold at most 2");
}

TEST(GgufReader, BoundsTheNumberOfNames) {
  expect_error(GgufBytes(0, 32769).data(32769 * 14), ErrorCode::unsupported, "at byte 16", "expected at most 32768");
  expect_error(GgufBytes(262145, 0).data(262145 * 33), ErrorCode::unsupported, "at byte 8", "expected at most 262144");
}

TEST(GgufReader, RefusesKeysThatAreNoNames) {
  using namespace std::string_view_literals;
  expect_error(GgufBytes(0, 1).entry("", GgufType::u64, std::uint64_t{0}), ErrorCode::corrupt, "at byte 24", "a key has 0 bytes");
  expect_error(GgufBytes(0, 1).entry("ab\0c"sv, GgufType::u8, '1'), ErrorCode::corrupt, "at byte 34", "has a NUL");
  expect_error(GgufBytes(0, 1).entry(std::string(65536, 'k'), GgufType::u8, '1'), ErrorCode::corrupt, "at byte 24",
               "65536 bytes, expected 1 to 65535");
  EXPECT_TRUE(GgufBytes(0, 1).entry(std::string(65535, 'k'), GgufType::u8, '1').parse());
}

TEST(GgufReader, ErrorsShowStrangeNamesAsPrintableText) {
  const auto opened = GgufBytes(0, 1).entry("a\n\xff" + std::string(100, 'x'), static_cast<GgufType>(99), 0).parse();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().text().find("'a\\x0a\\xff" + std::string(77, 'x') + "...'"), std::string::npos)
      << opened.error().text();
}

TEST(GgufReader, RefusesUnknownTypesNestedArraysAndOddBooleans) {
  expect_error(GgufBytes(0, 1).entry("k", static_cast<GgufType>(13), 0), ErrorCode::corrupt, "at byte 33",
               "is 13, expected 0 to 12");
  expect_error(GgufBytes(0, 1).array("k", static_cast<GgufType>(77), 0), ErrorCode::corrupt, "at byte 37",
               "is 77, expected 0 to 12");
  expect_error(GgufBytes(0, 1).array("k", GgufType::array, 1).put(0).data(8), ErrorCode::unsupported, "at byte 37",
               "arrays themselves");
  expect_error(GgufBytes(0, 1).entry("k", GgufType::boolean, std::uint8_t{2}), ErrorCode::corrupt, "at byte 37",
               "a boolean is 2, expected 0 or 1");
  expect_error(GgufBytes(0, 1).array("k", GgufType::boolean, 3).put('\1').put('\0').put('\xff'), ErrorCode::corrupt, "at byte 51",
               "a boolean is 255");
}

TEST(GgufReader, RefusesAKeyThatIsThereTwice) {
  GgufBytes file(0, 4);
  file.entry("b", GgufType::u8, '1').entry("a", GgufType::u8, '1').entry("c", GgufType::u8, '1').entry("a", GgufType::u8, '2');
  expect_error(file, ErrorCode::corrupt, "at byte 66", "'a' is there a second time");
}

TEST(GgufReader, RefusesAlignmentsThatAreNoPowerOfTwoOrAbsurd) {
  for (const std::uint32_t alignment : {0u, 1u, 4u, 31u, 48u, 1u << 22, 1u << 31})
    expect_error(GgufBytes(0, 1).entry("general.alignment", GgufType::u32, alignment), ErrorCode::corrupt, "at byte 24",
                 "expected a power of two from 8 to 2097152");
  expect_error(GgufBytes(0, 1).text_entry("general.alignment", "32"), ErrorCode::corrupt, "at byte 24", "expected an integer");
  for (const std::uint64_t alignment : {8u, 64u, 2u << 20}) {
    GgufBytes file(1, 1);
    file.entry("general.alignment", GgufType::u64, alignment)
        .tensor("t", {1}, kF32, alignment)
        .pad(alignment)
        .data(alignment + 4);
    const auto opened = file.parse();
    ASSERT_TRUE(opened) << opened.error().text();
    EXPECT_EQ(opened->alignment(), alignment);
    EXPECT_EQ(opened->tensors()[0].offset, 2 * alignment > file.size() ? 0 : file.size() - 4);
  }
}

TEST(GgufReader, RefusesShapesThatNoTensorHas) {
  expect_error(one_tensor("t", {}).data(32), ErrorCode::corrupt, "at byte 33", "0 dimensions, expected 1 to 4");
  expect_error(one_tensor("t", {1, 1, 1, 1, 1}), ErrorCode::unsupported, "at byte 33", "5 dimensions, expected 1 to 4");
  expect_error(one_tensor("t", {4, 0}), ErrorCode::corrupt, "at byte 45", "is 0, expected more");
  expect_error(one_tensor("t", {1ull << 32, 1ull << 31}), ErrorCode::corrupt, "at byte 45", "exceeds 63 bits");
  expect_error(one_tensor("t", {UINT64_MAX}), ErrorCode::corrupt, "at byte 37", "exceeds 63 bits");
  expect_error(one_tensor("t", {1ull << 62}), ErrorCode::corrupt, "at byte 24", "whose bytes fit 64 bits");
  expect_error(one_tensor("t", {1ull << 31, 1ull << 31}), ErrorCode::corrupt, "at byte 24", "whose bytes fit 64 bits");
  expect_error(one_tensor("t", {33}, kQ8_0), ErrorCode::corrupt, "at byte 24", "rows of 33 elements, expected a multiple of 32");
}

TEST(GgufReader, RefusesDataThatAreNotAlignedOrNotInTheFile) {
  expect_error(one_tensor("t", {1}, kF32, 8), ErrorCode::corrupt, "at byte 49", "starts at 8, expected a multiple of 32");
  expect_error(one_tensor("t", {17}), ErrorCode::corrupt, "at byte 24", "takes 68 bytes from 0 on, the file has 64");
  expect_error(one_tensor("t", {9}, kF32, 32), ErrorCode::corrupt, "at byte 24", "takes 36 bytes from 32 on");
  expect_error(one_tensor("t", {1}, kF32, 96), ErrorCode::corrupt, "at byte 24", "from 96 on");
  expect_error(one_tensor("t", {1}, kF32, UINT64_MAX - 31), ErrorCode::corrupt, "at byte 24", "the file has 64 bytes of data");
  expect_error(GgufBytes(1, 0).tensor("t", {1}, kF32, 0), ErrorCode::corrupt, "at byte 24", "the file has 0 bytes of data");
  expect_error(one_tensor("t", {256}, kQ4_K, 64), ErrorCode::corrupt, "at byte 24", "takes 1 bytes from 64 on");
  EXPECT_TRUE(one_tensor("t", {16}).parse());
  EXPECT_TRUE(one_tensor("t", {8}, kF32, 32).parse());
}

TEST(GgufReader, RefusesTensorsOverEachOther) {
  const auto two = [](std::uint64_t first, std::uint64_t length, std::uint32_t type, std::uint64_t second) {
    GgufBytes file(2, 0);
    file.tensor("first", {length}, type, first).tensor("second", {8}, kF32, second).pad().data(256);
    return file;
  };
  expect_error(two(0, 9, kF32, 32), ErrorCode::corrupt, "at byte 61", "expected behind that of 'first'");
  expect_error(two(0, 1, kF32, 0), ErrorCode::corrupt, "at byte 61", "expected behind that of 'first'");
  expect_error(two(64, 256, kQ4_K, 64), ErrorCode::corrupt, "at byte 61", "expected behind that of 'first'");
  EXPECT_TRUE(two(0, 8, kF32, 32).parse());
  EXPECT_TRUE(two(128, 8, kF32, 32).parse()) << "any order, and holes, are fine";
}

TEST(GgufReader, RefusesATensorThatIsThereTwice) {
  GgufBytes file(2, 0);
  file.tensor("same", {1}, kF32, 0).tensor("same", {1}, kF32, 32).pad().data(64);
  expect_error(file, ErrorCode::corrupt, "at byte 60", "tensor 'same' is there a second time");
}

TEST(GgufReader, ATensorOfAnUnknownTypeIsListedButGivesNoData) {
  const GgufBytes bytes = one_tensor("t", {256, 2}, kQ4_K);
  const auto file = bytes.parse();
  ASSERT_TRUE(file) << file.error().text();
  const GgufTensor& tensor = file->tensors()[0];
  EXPECT_EQ(tensor.format, nullptr);
  EXPECT_EQ(tensor.gguf_type, kQ4_K);
  EXPECT_EQ(tensor.elements, 512u);
  EXPECT_EQ(tensor.bytes, 0u);
  const auto data = file->data(tensor);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, ErrorCode::unsupported);
  EXPECT_NE(data.error().message.find("'t' has the type 12"), std::string::npos);
}

TEST(GgufReader, GivesNoDataForATensorOfAnotherFile) {
  const GgufBytes bytes = one_tensor("t", {4});
  const auto file = bytes.parse();
  ASSERT_TRUE(file);
  GgufTensor other = file->tensors()[0];
  EXPECT_TRUE(file->data(other));
  other.shard = 1;
  EXPECT_EQ(file->data(other).error().code, ErrorCode::invalid_argument);
  file->will_need(other);
  file->done_with(other);
  other = file->tensors()[0];
  other.offset = UINT64_MAX;
  EXPECT_EQ(file->data(other).error().code, ErrorCode::invalid_argument);
  other.offset = 64;
  other.bytes = UINT64_MAX;
  EXPECT_EQ(file->data(other).error().code, ErrorCode::invalid_argument);
}

TEST(GgufReader, ReportsAMissingFileAndAFolder) {
  const TemporaryFolder folder;
  const auto missing = GgufFile::open(folder / "none.gguf");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_NE(missing.error().text().find("none.gguf"), std::string::npos);
  EXPECT_EQ(GgufFile::open(folder / "").error().code, ErrorCode::invalid_argument);
  write_file(folder / "empty.gguf", {});
  EXPECT_EQ(GgufFile::open(folder / "empty.gguf").error().code, ErrorCode::corrupt);
}

TEST(GgufReader, MovesWithoutMovingWhatItsViewsStandOn) {
  const auto bytes = GgufBytes(0, 1).text_entry("k", "value").bytes();
  auto opened = GgufFile::parse(bytes, "bytes");
  ASSERT_TRUE(opened);
  const GgufValue* const value = opened->find("k");
  GgufFile moved = *std::move(opened);
  EXPECT_EQ(moved.find("k"), value);
  EXPECT_EQ(moved.path(), "bytes");
  EXPECT_EQ(moved.file_bytes(), bytes.size());
}

TEST(GgufReader, FindsEveryNameAmongManyThatDifferInTheLastByteOnly) {
  // What would collide in a hash table or degenerate a tree: long common prefixes, sorted and reversed order.
  constexpr std::size_t count = 3000;
  for (const bool reversed : {false, true}) {
    GgufBytes file(0, count);
    const auto key = [&](std::size_t i) { return std::string(500, 'p') + std::to_string(100000 + (reversed ? count - i : i)); };
    for (std::size_t i = 0; i < count; ++i) file.entry(key(i), GgufType::u32, static_cast<std::uint32_t>(i));
    const auto opened = file.parse();
    ASSERT_TRUE(opened) << opened.error().text();
    for (std::size_t i = 0; i < count; ++i) {
      const GgufValue* value = opened->find(key(i));
      ASSERT_NE(value, nullptr);
      EXPECT_EQ(*value->to_unsigned(), i);
    }
    EXPECT_EQ(opened->find(std::string(500, 'p')), nullptr);
    EXPECT_EQ(opened->find("z"), nullptr);
    EXPECT_EQ(opened->find("a"), nullptr);
  }
}

}  // namespace
