#include <gtest/gtest.h>

#include "exercise.hpp"
#include "files.hpp"

#include <cmath>

namespace {

using namespace libabi;
using namespace libabi::llm;

const std::filesystem::path corpus = ABI_SOURCE_DIR "/tests/data/corpus/gguf";

/// What make_corpus.py put into the file, read through every kind of accessor.
void expect_all_types(const GgufFile& file) {
  const auto at = [&](std::string_view key) -> const GgufValue& {
    const GgufValue* value = file.find(key);
    return value ? *value : throw std::runtime_error(std::string(key));
  };
  EXPECT_EQ(file.metadata().size(), 28u);
  EXPECT_EQ(file.metadata()[0].key, "general.architecture");
  EXPECT_EQ(file.metadata()[1].key, "t.u8");
  EXPECT_EQ(*at("t.u8").to_unsigned(), 200u);
  EXPECT_EQ(*at("t.i8").to_integer(), -100);
  EXPECT_EQ(*at("t.u16").to_unsigned(), 60000u);
  EXPECT_EQ(*at("t.i16").to_integer(), -30000);
  EXPECT_EQ(*at("t.u32").to_unsigned(), 4000000000u);
  EXPECT_EQ(*at("t.i32").to_integer(), -2000000000);
  EXPECT_EQ(*at("t.f32").to_real(), static_cast<double>(0.1f));
  EXPECT_EQ(*at("t.bool").to_boolean(), true);
  EXPECT_EQ(*at("t.string").to_string(), "h\xc3\xa4user\n\"x\"");
  EXPECT_EQ(*at("t.u64").to_unsigned(), UINT64_MAX);
  EXPECT_EQ(*at("t.i64").to_integer(), INT64_MIN);
  EXPECT_EQ(*at("t.f64").to_real(), 1e300);
  for (const char* type : {"u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "u64", "i64", "f64"}) {
    const GgufValue &scalar = at(std::string("t.") + type), &array = at(std::string("a.") + type);
    EXPECT_EQ(name(scalar.type()), type);
    EXPECT_EQ(array.type(), GgufType::array);
    EXPECT_EQ(array.element_type(), scalar.type());
    ASSERT_EQ(array.count(), 3u);
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(array.element(i)->text(), scalar.text());
  }
  EXPECT_EQ(at("a.empty").count(), 0u);
  EXPECT_EQ(*at("a.words").strings(), (std::vector<std::string_view>{"", "a", "bc"}));
  EXPECT_EQ(at("a.many").text(), "[0, 1, 2, 3, 4, 5, 6, 7, ...] (20)");
}

void expect_tensors(const GgufFile& file) {
  ASSERT_EQ(file.tensors().size(), 3u);
  const GgufTensor& cube = file.tensors()[0];
  EXPECT_EQ(cube.name, "cube.weight");
  EXPECT_EQ(cube.dims, (std::vector<std::uint64_t>{2, 3, 2}));
  EXPECT_EQ(cube.format, &quant::format(quant::FormatId::f32));
  EXPECT_EQ(cube.elements, 12u);
  EXPECT_EQ(cube.bytes, 48u);
  std::vector<float> values(12);
  std::memcpy(values.data(), file.data(cube)->data(), 48);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], static_cast<float>(i));

  const auto decode = [&](std::string_view name, quant::FormatId format) {
    const GgufTensor* tensor = file.find_tensor(name);
    EXPECT_EQ(tensor->format, &quant::format(format));
    std::vector<float> out(tensor->elements);
    tensor->format->decode(file.data(*tensor)->data(), out.data(), out.size());
    return out;
  };
  EXPECT_EQ(decode("half.weight", quant::FormatId::f16), (std::vector<float>{0, 1, -2, 0.5f, 65504}));
  const auto blocks = decode("blocks.weight", quant::FormatId::q8_0);
  ASSERT_EQ(blocks.size(), 64u);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(blocks[i], static_cast<float>(i % 32) / 2);
}

TEST(GgufCorpus, BothVersionsHoldWhatTheGeneratorWrote) {
  for (const std::uint32_t version : {2u, 3u}) {
    const auto file = GgufFile::open(corpus / format("all-v{}.gguf", version));
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(file->version(), version);
    EXPECT_EQ(file->alignment(), 32u);
    expect_all_types(*file);
    expect_tensors(*file);
    EXPECT_EQ(exercise(*file), "");
  }
}

TEST(GgufCorpus, AnAlignmentOfItsOwnIsObeyed) {
  const auto file = GgufFile::open(corpus / "aligned.gguf");
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(file->alignment(), 256u);
  for (const GgufTensor& tensor : file->tensors()) EXPECT_EQ(tensor.offset % 256, 0u);
  expect_tensors(*file);
}

TEST(GgufCorpus, FilesWithoutTensorsOrWithoutAnythingOpen) {
  const auto bare = GgufFile::open(corpus / "bare.gguf");
  ASSERT_TRUE(bare) << bare.error().text();
  EXPECT_TRUE(bare->metadata().empty());
  EXPECT_TRUE(bare->tensors().empty());
  const auto vocabulary = GgufFile::open(corpus / "vocabulary.gguf");
  ASSERT_TRUE(vocabulary) << vocabulary.error().text();
  const auto tokens = vocabulary->find("tokenizer.ggml.tokens")->strings();
  ASSERT_EQ(tokens->size(), 42u);
  EXPECT_EQ(tokens->back(), "t39");
}

TEST(GgufCorpus, ASplitIsOneFileWhicheverShardIsNamed) {
  for (const char* name : {"split-00001-of-00002.gguf", "split-00002-of-00002.gguf"}) {
    const auto file = GgufFile::open(corpus / name);
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(file->path(), corpus / "split-00001-of-00002.gguf");
    EXPECT_EQ(*file->unsigned_at("t.u8"), 200u);
    expect_tensors(*file);
    EXPECT_EQ(file->tensors()[0].shard, 0u);
    EXPECT_EQ(file->tensors()[2].shard, 1u);
    EXPECT_EQ(exercise(*file), "");
  }
}

TEST(GgufCorpus, WhatCannotBeReadIsRefusedAsWhatItIs) {
  for (const char* name : {"big-endian", "version-1", "version-4", "nested"}) {
    const auto file = GgufFile::open(corpus / format("{}.gguf", name));
    ASSERT_FALSE(file) << name;
    EXPECT_EQ(file.error().code, ErrorCode::unsupported) << file.error().text();
  }
}

}  // namespace
