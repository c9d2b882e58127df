#include <gtest/gtest.h>

#include "exercise.hpp"
#include "files.hpp"
#include "gguf_bytes.hpp"

namespace {

using namespace libabi;
using namespace libabi::llm;

struct ShardKeys {
  std::int64_t number, count, tensors;
};

/// A shard of one tensor, whose data are its first letter.
std::vector<std::byte> shard(std::string_view tensor, const ShardKeys& keys, std::uint32_t alignment = 32) {
  GgufBytes file(1, 5);
  file.entry("split.no", GgufType::u16, static_cast<std::uint16_t>(keys.number));
  file.entry("split.count", GgufType::u16, static_cast<std::uint16_t>(keys.count));
  file.entry("split.tensors.count", GgufType::i32, static_cast<std::int32_t>(keys.tensors));
  file.entry("general.alignment", GgufType::u32, alignment);
  file.text_entry("own", tensor);
  file.tensor(tensor, {1}, 0, 0).pad(alignment).put(tensor[0]).data(3);
  return file.bytes();
}

class GgufShards : public testing::Test {
 protected:
  std::filesystem::path path(int number, int count = 3) { return folder / format("m-{:05}-of-{:05}.gguf", number, count); }
  void write_all() {
    write_file(path(1), shard("one", {0, 3, 3}));
    write_file(path(2), shard("two", {1, 3, 3}, 64));
    write_file(path(3), shard("three", {2, 3, 3}));
  }
  void expect_error(const std::filesystem::path& file, ErrorCode code, std::string_view words) {
    const auto opened = GgufFile::open(file);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, code) << opened.error().text();
    EXPECT_NE(opened.error().text().find(words), std::string::npos) << opened.error().text();
  }
  TemporaryFolder folder;
};

TEST_F(GgufShards, AllAreFollowedFromAnyOfThem) {
  write_all();
  for (const int named : {1, 2, 3}) {
    const auto file = GgufFile::open(path(named));
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(file->path(), path(1));
    EXPECT_EQ(*file->string_at("own"), "one");
    ASSERT_EQ(file->tensors().size(), 3u);
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < 3; ++i) {
      const GgufTensor& tensor = file->tensors()[i];
      EXPECT_EQ(tensor.shard, i);
      EXPECT_EQ(static_cast<char>(file->data(tensor)->front()), tensor.name[0]);
      bytes += std::filesystem::file_size(path(static_cast<int>(i) + 1));
    }
    EXPECT_EQ(file->file_bytes(), bytes);
    EXPECT_EQ(exercise(*file), "");
  }
}

TEST_F(GgufShards, OneAloneIsOpenedWhenAskedFor) {
  write_all();
  const auto file = GgufFile::open(path(2), {.follow_shards = false});
  ASSERT_TRUE(file) << file.error().text();
  ASSERT_EQ(file->tensors().size(), 1u);
  EXPECT_EQ(file->tensors()[0].name, "two");
  EXPECT_EQ(file->alignment(), 64u);
  EXPECT_TRUE(GgufFile::parse(read_file(path(3)), "bytes"));
}

TEST_F(GgufShards, AMissingOneIsNotFoundByItsName) {
  write_all();
  std::filesystem::remove(path(3));
  expect_error(path(1), ErrorCode::not_found, "m-00003-of-00003.gguf");
  std::filesystem::remove(path(1));
  expect_error(path(2), ErrorCode::not_found, "m-00001-of-00003.gguf");
}

TEST_F(GgufShards, SwappedOnesAreRefused) {
  write_all();
  std::filesystem::rename(path(2), folder / "other");
  std::filesystem::rename(path(3), path(2));
  std::filesystem::rename(folder / "other", path(3));
  expect_error(path(1), ErrorCode::corrupt, "m-00002-of-00003.gguf: split.no is 2 and split.count is 3, expected 1 and 3");
  write_all();
  write_file(path(1), shard("one", {1, 3, 3}));
  expect_error(path(1), ErrorCode::corrupt, "split.no is 1, expected 0");
}

TEST_F(GgufShards, ACopyOfOneUnderAnothersNameIsRefused) {
  write_all();
  write_file(path(3), read_file(path(2)));
  expect_error(path(1), ErrorCode::corrupt, "m-00003-of-00003.gguf: split.no is 1");
}

TEST_F(GgufShards, ATensorInTwoOfThemIsRefused) {
  write_all();
  write_file(path(3), shard("one", {2, 3, 3}));
  expect_error(path(1), ErrorCode::corrupt, "m-00003-of-00003.gguf: at byte");
}

TEST_F(GgufShards, OneOfAnotherSplitIsRefused) {
  write_all();
  write_file(path(2), shard("two", {1, 4, 3}));
  expect_error(path(1), ErrorCode::corrupt, "split.count is 4, expected 1 and 3");
  write_file(path(2), GgufBytes(0, 0).bytes());
  expect_error(path(1), ErrorCode::corrupt, "split.no is 0 and split.count is 1");
  write_file(path(1), GgufBytes(0, 0).bytes());
  expect_error(path(2), ErrorCode::invalid_argument, "one of 1 shards");
}

TEST_F(GgufShards, TheNumberOfTensorsMustBeWhatTheFirstSays) {
  write_all();
  write_file(path(1), shard("one", {0, 3, 4}));
  expect_error(path(1), ErrorCode::corrupt, "split.tensors.count is 4, the shards have 3 tensors");
  write_file(path(1), shard("one", {0, 3, -1}));
  expect_error(path(1), ErrorCode::corrupt, "split.tensors.count");
}

TEST_F(GgufShards, ACorruptOneIsNamed) {
  write_all();
  auto bytes = read_file(path(2));
  bytes.resize(bytes.size() - 1);
  write_file(path(2), bytes);
  expect_error(path(1), ErrorCode::corrupt, "m-00002-of-00003.gguf: at byte");
}

TEST_F(GgufShards, ANameThatDoesNotTellTheOthersIsAnError) {
  write_file(folder / "renamed.gguf", shard("one", {0, 3, 3}));
  expect_error(folder / "renamed.gguf", ErrorCode::invalid_argument, "expected a name that ends in -00001-of-00003.gguf");
  write_file(path(1, 2), shard("one", {0, 3, 3}));
  expect_error(path(1, 2), ErrorCode::invalid_argument, "one of 3 shards");
}

TEST_F(GgufShards, AFileThatOnlyHasSuchANameIsAFile) {
  write_file(path(1, 1), GgufBytes(0, 0).bytes());
  EXPECT_TRUE(GgufFile::open(path(1, 1)));
  for (const char* name : {"m-00000-of-00003.gguf", "m-00004-of-00003.gguf", "m-0001-of-00003.gguf", "m-00002-of-0000x.gguf"}) {
    write_file(folder / name, GgufBytes(0, 0).bytes());
    EXPECT_TRUE(GgufFile::open(folder / name)) << name;
  }
}

}  // namespace
