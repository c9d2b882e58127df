#include <gtest/gtest.h>

#include "gguf_bytes.hpp"

#include <cmath>
#include <limits>

namespace {

using namespace libabi;
using namespace libabi::llm;

/// A file of one scalar, kept alive with its value.
struct Scalar {
  template <class T>
  Scalar(GgufType type, T number) : bytes(GgufBytes(0, 1).entry("the.key", type, number).bytes()) {
    file = std::make_unique<GgufFile>(*GgufFile::parse(bytes, "test"));
  }
  const GgufValue* operator->() const { return file->find("the.key"); }
  std::vector<std::byte> bytes;
  std::unique_ptr<GgufFile> file;
};

template <class T>
void expect_mismatch(const Result<T>& result, std::string_view words) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(result.error().message.find("the.key"), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
}

TEST(GgufValue, NumbersOfEveryTypeConvertWhereTheValueIsKept) {
  const Scalar numbers[] = {{GgufType::u8, std::uint8_t{7}},
                            {GgufType::i8, std::int8_t{7}},
                            {GgufType::u16, std::uint16_t{7}},
                            {GgufType::i16, std::int16_t{7}},
                            {GgufType::u32, std::uint32_t{7}},
                            {GgufType::i32, std::int32_t{7}},
                            {GgufType::u64, std::uint64_t{7}},
                            {GgufType::i64, std::int64_t{7}},
                            {GgufType::f32, 7.0f},
                            {GgufType::f64, 7.0}};
  for (const Scalar& seven : numbers) {
    EXPECT_EQ(*seven->to_integer(), 7);
    EXPECT_EQ(*seven->to_unsigned(), 7u);
    EXPECT_EQ(*seven->to_real(), 7.0);
    EXPECT_EQ(seven->text(), "7");
    expect_mismatch(seven->to_boolean(), "expected a boolean");
    expect_mismatch(seven->to_string(), "expected a string");
    expect_mismatch(seven->strings(), "expected an array of strings");
    EXPECT_EQ(seven->floats()->at(0), 7.0f);
    EXPECT_EQ(seven->count(), 1u);
    EXPECT_EQ(seven->element_type(), seven->type());
    EXPECT_EQ(*seven->element(0)->to_integer(), 7);
    EXPECT_EQ(seven->element(1).error().code, ErrorCode::out_of_range);
  }
}

TEST(GgufValue, RefusesAConversionThatWouldChangeTheValue) {
  expect_mismatch(Scalar(GgufType::i8, std::int8_t{-1})->to_unsigned(), "is -1 (i8), expected an integer of 64 bits that is not");
  expect_mismatch(Scalar(GgufType::u64, UINT64_MAX)->to_integer(), "is 18446744073709551615 (u64)");
  expect_mismatch(Scalar(GgufType::u64, UINT64_MAX)->to_real(), "a double holds exactly");
  expect_mismatch(Scalar(GgufType::u64, std::uint64_t{(1ull << 53) + 1})->to_real(), "a double holds exactly");
  expect_mismatch(Scalar(GgufType::i64, INT64_MAX)->to_real(), "a double holds exactly");
  expect_mismatch(Scalar(GgufType::f32, 3.5f)->to_integer(), "is 3.5 (f32)");
  expect_mismatch(Scalar(GgufType::f64, 0x1p63)->to_integer(), "expected an integer");
  expect_mismatch(Scalar(GgufType::f64, 0x1p64)->to_unsigned(), "expected an integer");
  expect_mismatch(Scalar(GgufType::f32, -1.0f)->to_unsigned(), "is -1 (f32)");
  for (const float odd : {NAN, INFINITY, -INFINITY}) {
    expect_mismatch(Scalar(GgufType::f32, odd)->to_integer(), "expected an integer");
    expect_mismatch(Scalar(GgufType::f32, odd)->to_unsigned(), "expected an integer");
  }
}

TEST(GgufValue, KeepsTheExtremesThatFit) {
  EXPECT_EQ(*Scalar(GgufType::i64, INT64_MIN)->to_integer(), INT64_MIN);
  EXPECT_EQ(*Scalar(GgufType::i64, INT64_MIN)->to_real(), -0x1p63);
  EXPECT_EQ(*Scalar(GgufType::u64, UINT64_MAX)->to_unsigned(), UINT64_MAX);
  EXPECT_EQ(*Scalar(GgufType::u64, std::uint64_t{1} << 63)->to_real(), 0x1p63);
  EXPECT_EQ(*Scalar(GgufType::f64, -0x1p63)->to_integer(), INT64_MIN);
  EXPECT_EQ(*Scalar(GgufType::f64, 0x1p63)->to_unsigned(), std::uint64_t{1} << 63);
  EXPECT_EQ(*Scalar(GgufType::f64, -0.0)->to_unsigned(), 0u);
  EXPECT_TRUE(std::isnan(*Scalar(GgufType::f32, NAN)->to_real()));
  EXPECT_EQ(*Scalar(GgufType::f64, std::numeric_limits<double>::max())->to_real(), std::numeric_limits<double>::max());
  EXPECT_EQ(Scalar(GgufType::f64, 1e300)->floats()->at(0), INFINITY);
}

TEST(GgufValue, ABooleanIsABooleanAndAnIntegerOnlyInIntegers) {
  const Scalar yes(GgufType::boolean, true);
  EXPECT_TRUE(*yes->to_boolean());
  EXPECT_FALSE(*Scalar(GgufType::boolean, false)->to_boolean());
  EXPECT_EQ(yes->integers()->at(0), 1);
  EXPECT_EQ(yes->text(), "true");
  expect_mismatch(yes->to_integer(), "is true (bool)");
  expect_mismatch(yes->to_real(), "is true (bool)");
  expect_mismatch(yes->floats(), "expected numbers");
}

TEST(GgufValue, ByItselfIsAnEmptyString) {
  const GgufValue value;
  EXPECT_EQ(value.to_string().value(), "");
  EXPECT_EQ(value.text(), "\"\"");
  EXPECT_FALSE(value.to_integer());
  EXPECT_FALSE(value.floats());
  EXPECT_EQ(value.element(0)->to_string().value(), "");
}

TEST(GgufValue, ArraysGiveTheirElementsInOrder) {
  GgufBytes bytes(0, 3);
  bytes.array("numbers", GgufType::i16, 3).put<std::int16_t>(-5).put<std::int16_t>(0).put<std::int16_t>(300);
  bytes.array("words", GgufType::string, 4).string("").string("one").string("t\0wo").string("three");
  bytes.array("empty", GgufType::f32, 0);
  const auto file = bytes.parse();
  ASSERT_TRUE(file) << file.error().text();
  const GgufValue &numbers = *file->find("numbers"), &words = *file->find("words"), &empty = *file->find("empty");
  EXPECT_EQ(*numbers.integers(), (std::vector<std::int64_t>{-5, 0, 300}));
  EXPECT_EQ(*numbers.floats(), (std::vector<float>{-5, 0, 300}));
  EXPECT_EQ(*numbers.element(2)->to_integer(), 300);
  EXPECT_EQ(numbers.element(3).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(*words.strings(), (std::vector<std::string_view>{"", "one", "t", "three"}));
  EXPECT_EQ(*words.element(3)->to_string(), "three");
  EXPECT_EQ(words.element(0)->type(), GgufType::string);
  EXPECT_FALSE(words.integers());
  EXPECT_FALSE(numbers.strings());
  EXPECT_FALSE(numbers.to_integer());
  EXPECT_TRUE(empty.floats()->empty());
  EXPECT_EQ(empty.element(0).error().code, ErrorCode::out_of_range);
}

TEST(GgufValue, IntegersRefusesRealsAndWhatDoesNotFit) {
  GgufBytes bytes(0, 2);
  bytes.array("reals", GgufType::f32, 1).put(1.0f);
  bytes.array("large", GgufType::u64, 2).put<std::uint64_t>(1).put(UINT64_MAX);
  const auto file = bytes.parse();
  ASSERT_TRUE(file);
  EXPECT_EQ(file->find("reals")->integers().error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(file->find("large")->integers().error().code, ErrorCode::invalid_argument);
}

TEST(GgufValue, TextShowsValuesAsJsonWould) {
  GgufBytes bytes(0, 5);
  bytes.text_entry("text", "a \"b\"\n\xc3\xa4\xff");
  bytes.array("numbers", GgufType::f32, 4).put(0.1f).put(1e-5f).put(-2.0f).put(1e30f);
  bytes.array("words", GgufType::string, 2).string("x").string("y");
  bytes.array("none", GgufType::u8, 0);
  bytes.array("flags", GgufType::boolean, 2).put('\1').put('\0');
  const auto file = bytes.parse();
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(file->find("text")->text(), "\"a \\\"b\\\"\\n\xc3\xa4\xef\xbf\xbd\"");
  EXPECT_EQ(file->find("numbers")->text(), "[0.1, 1e-05, -2, 1e+30]");
  EXPECT_EQ(file->find("numbers")->text(2), "[0.1, 1e-05, ...] (4)");
  EXPECT_EQ(file->find("numbers")->text(0), "[...] (4)");
  EXPECT_EQ(file->find("words")->text(), "[\"x\", \"y\"]");
  EXPECT_EQ(file->find("none")->text(), "[]");
  EXPECT_EQ(file->find("flags")->text(), "[true, false]");
}

TEST(GgufValue, TypesHaveNames) {
  EXPECT_EQ(name(GgufType::u8), "u8");
  EXPECT_EQ(name(GgufType::boolean), "bool");
  EXPECT_EQ(name(GgufType::f64), "f64");
  EXPECT_EQ(name(static_cast<GgufType>(13)), "unknown");
}

TEST(GgufFile, KeysAreConvertedRequiredOrOptional) {
  GgufBytes bytes(0, 4);
  bytes.entry("count", GgufType::u32, 5u)
      .entry("rate", GgufType::f32, 0.5f)
      .text_entry("name", "n")
      .entry("flag", GgufType::boolean, true);
  const auto file = bytes.parse();
  ASSERT_TRUE(file);
  EXPECT_EQ(*file->unsigned_at("count"), 5u);
  EXPECT_EQ(*file->real_at("rate"), 0.5);
  EXPECT_EQ(*file->real_at("count"), 5.0);
  EXPECT_EQ(*file->string_at("name"), "n");
  EXPECT_EQ(*file->unsigned_or("count", 9), 5u);
  EXPECT_EQ(*file->unsigned_or("other", 9), 9u);
  EXPECT_EQ(*file->real_or("other", 0.25), 0.25);
  EXPECT_EQ(*file->boolean_or("flag", false), true);
  EXPECT_EQ(*file->boolean_or("other", true), true);
  EXPECT_EQ(*file->string_or("other", "x"), "x");

  const auto missing = file->unsigned_at("other");
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_EQ(missing.error().message, "the key 'other' is not in test");
  EXPECT_EQ(file->string_at("other").error().code, ErrorCode::not_found);
  EXPECT_EQ(file->unsigned_at("rate").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(file->unsigned_or("name", 1).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(file->boolean_or("count", true).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(file->string_or("count", "").error().code, ErrorCode::invalid_argument);
}

}  // namespace
