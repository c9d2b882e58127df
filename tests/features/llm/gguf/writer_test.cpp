#include <gtest/gtest.h>

#include "exercise.hpp"
#include "files.hpp"
#include "gguf_bytes.hpp"

#include <abi/memory/fault.hpp>

#include <algorithm>
#include <stdexcept>

namespace {

using namespace libabi;
using namespace libabi::llm;

const quant::Format& f32 = quant::format(quant::FormatId::f32);
const quant::Format& q8_0 = quant::format(quant::FormatId::q8_0);

/// Byte i of the tensor is (i * 7 + salt) mod 251.
GgufWriter::Source pattern(unsigned salt) {
  return [salt](std::uint64_t offset, std::span<std::byte> out) -> Result<void> {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(((offset + i) * 7 + salt) % 251);
    return {};
  };
}

void expect_pattern(const GgufFile& file, std::string_view name, unsigned salt) {
  const GgufTensor* tensor = file.find_tensor(name);
  ASSERT_NE(tensor, nullptr) << name;
  const auto data = file.data(*tensor);
  ASSERT_TRUE(data);
  for (std::size_t i = 0; i < data->size(); ++i)
    ASSERT_EQ(static_cast<unsigned>((*data)[i]), (i * 7 + salt) % 251) << name << " at " << i;
}

class GgufWriterTest : public testing::Test {
 protected:
  Result<GgufFile> write_and_open(const GgufWriter& writer) {
    ABI_TRY(writer.write(file));
    EXPECT_EQ(folder.entries(), 1u) << "the file and nothing else";
    return GgufFile::open(file);
  }
  TemporaryFolder folder;
  std::filesystem::path file = folder / "out.gguf";
};

TEST_F(GgufWriterTest, EveryKindOfValueComesBack) {
  GgufWriter writer;
  writer.add("u32", 4000000000u);
  writer.add("i32", -5);
  writer.add("u64", UINT64_MAX);
  writer.add("f32", 0.1f);
  writer.add("bool", true);
  writer.add("view", std::string_view("a\0b", 3));
  writer.add("literal", "text");
  writer.add("empty", "");
  writer.add_strings("strings", std::vector<std::string>{"x", "", "z"});
  writer.add_floats("floats", std::vector<float>{1.5f, -2});
  writer.add_integers("integers", std::vector<std::int32_t>{});
  const auto opened = write_and_open(writer);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(opened->version(), 3u);
  ASSERT_EQ(opened->metadata().size(), 11u);
  EXPECT_EQ(opened->metadata()[10].key, "integers");
  EXPECT_EQ(opened->find("u32")->type(), GgufType::u32);
  EXPECT_EQ(*opened->find("u32")->to_unsigned(), 4000000000u);
  EXPECT_EQ(opened->find("i32")->type(), GgufType::i32);
  EXPECT_EQ(*opened->find("i32")->to_integer(), -5);
  EXPECT_EQ(*opened->find("u64")->to_unsigned(), UINT64_MAX);
  EXPECT_EQ(opened->find("f32")->type(), GgufType::f32);
  EXPECT_EQ(opened->find("f32")->text(), "0.1");
  EXPECT_EQ(*opened->find("bool")->to_boolean(), true);
  EXPECT_EQ(*opened->find("view")->to_string(), std::string_view("a\0b", 3));
  EXPECT_EQ(*opened->find("literal")->to_string(), "text");
  EXPECT_EQ(*opened->find("empty")->to_string(), "");
  EXPECT_EQ(*opened->find("strings")->strings(), (std::vector<std::string_view>{"x", "", "z"}));
  EXPECT_EQ(*opened->find("floats")->floats(), (std::vector<float>{1.5f, -2}));
  EXPECT_EQ(opened->find("integers")->count(), 0u);
  EXPECT_EQ(opened->find("integers")->element_type(), GgufType::i32);
}

TEST_F(GgufWriterTest, AKeyAddedTwiceKeepsItsPlaceAndTheLaterValue) {
  GgufWriter writer;
  writer.add("first", 1u);
  writer.add("second", 2u);
  writer.add("first", "again");
  const auto opened = write_and_open(writer);
  ASSERT_TRUE(opened) << opened.error().text();
  ASSERT_EQ(opened->metadata().size(), 2u);
  EXPECT_EQ(opened->metadata()[0].value.text(), "\"again\"");
}

TEST_F(GgufWriterTest, ACopyOfAFileOfEveryTypeIsTheSameFile) {
  const std::filesystem::path original = ABI_SOURCE_DIR "/tests/data/corpus/gguf/all-v3.gguf";
  const auto source = GgufFile::open(original);
  ASSERT_TRUE(source) << source.error().text();
  GgufWriter writer;
  for (const GgufEntry& entry : source->metadata()) writer.add(entry.key, entry.value);
  for (const GgufTensor& tensor : source->tensors()) {
    const auto data = *source->data(tensor);
    ASSERT_TRUE(
        writer.add_tensor(tensor.name, *tensor.format, tensor.dims, [data](std::uint64_t offset, std::span<std::byte> out) {
          std::ranges::copy(data.subspan(offset, out.size()), out.begin());
          return Result<void>();
        }));
  }
  ASSERT_TRUE(writer.write(file));
  EXPECT_EQ(read_file(file), read_file(original));
}

TEST_F(GgufWriterTest, TensorsOfEveryFormatAndSizeComeBack) {
  GgufWriter writer;
  unsigned salt = 0;
  for (const quant::Format* format : quant::formats()) {
    const std::vector<std::uint64_t> dims{3ull * format->block_length, 5, 2};
    ASSERT_TRUE(writer.add_tensor(std::string(format->name), *format, dims, pattern(salt++)));
  }
  ASSERT_TRUE(writer.add_tensor("one", f32, std::vector<std::uint64_t>{1}, pattern(100)));
  ASSERT_TRUE(writer.add_tensor("large", q8_0, std::vector<std::uint64_t>{96, 40000}, pattern(101)));
  ASSERT_TRUE(writer.add_tensor("long rows", f32, std::vector<std::uint64_t>{300000, 3}, pattern(102)));
  const auto opened = write_and_open(writer);
  ASSERT_TRUE(opened) << opened.error().text();
  ASSERT_EQ(opened->tensors().size(), quant::formats().size() + 3);
  salt = 0;
  for (const quant::Format* format : quant::formats()) {
    EXPECT_EQ(opened->tensors()[salt].format, format);
    expect_pattern(*opened, format->name, salt++);
  }
  expect_pattern(*opened, "one", 100);
  expect_pattern(*opened, "large", 101);
  expect_pattern(*opened, "long rows", 102);
  EXPECT_EQ(exercise(*opened), "");
}

TEST_F(GgufWriterTest, SourcesGetWholeRowsInOrderAndLittleAtATime) {
  const std::uint64_t row = 96 / 32 * 34, rows = 40000;
  std::uint64_t next = 0, parts = 0, largest = 0;
  GgufWriter writer;
  ASSERT_TRUE(
      writer.add_tensor("t", q8_0, std::vector<std::uint64_t>{96, rows}, [&](std::uint64_t offset, std::span<std::byte> out) {
        EXPECT_EQ(offset, next);
        EXPECT_EQ(out.size() % row, 0u);
        next = offset + out.size();
        largest = std::max<std::uint64_t>(largest, out.size());
        ++parts;
        return Result<void>();
      }));
  ASSERT_TRUE(writer.write(file));
  EXPECT_EQ(next, row * rows);
  EXPECT_LE(largest, 1u << 20);
  EXPECT_EQ(parts, 4u);
  next = 0;
  EXPECT_TRUE(writer.write(file)) << "a second time, from the start";
  EXPECT_EQ(next, row * rows);
}

TEST_F(GgufWriterTest, TheAlignmentIsObeyedAndChecked) {
  GgufWriter writer;
  ASSERT_TRUE(writer.add_tensor("a", f32, std::vector<std::uint64_t>{1}, pattern(1)));
  ASSERT_TRUE(writer.add_tensor("b", f32, std::vector<std::uint64_t>{1}, pattern(2)));
  writer.add("general.alignment", 4096u);
  const auto opened = write_and_open(writer);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(opened->alignment(), 4096u);
  EXPECT_EQ(opened->tensors()[0].offset, 4096u);
  EXPECT_EQ(opened->tensors()[1].offset, 8192u);
  EXPECT_EQ(opened->file_bytes(), 3 * 4096u);
  for (const std::uint32_t wrong : {0u, 4u, 48u, 1u << 30}) {
    GgufWriter other;
    other.add("general.alignment", wrong);
    EXPECT_EQ(other.write(file).error().code, ErrorCode::invalid_argument);
  }
  GgufWriter other;
  other.add("general.alignment", "32");
  EXPECT_EQ(other.write(file).error().code, ErrorCode::invalid_argument);
}

TEST_F(GgufWriterTest, RefusesTensorsThatTheFormatCannotHold) {
  using Dims = std::vector<std::uint64_t>;
  GgufWriter writer;
  const auto code = [&](std::string_view name, const quant::Format& format, const Dims& dims) {
    const auto added = writer.add_tensor(name, format, dims, pattern(0));
    return added ? ErrorCode::ok : added.error().code;
  };
  EXPECT_EQ(code("", f32, {1}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(std::string(64, 'n'), f32, {1}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(std::string_view("a\0b", 3), f32, {1}), ErrorCode::invalid_argument);
  EXPECT_EQ(code("t", f32, {}), ErrorCode::invalid_argument);
  EXPECT_EQ(code("t", f32, {1, 1, 1, 1, 1}), ErrorCode::invalid_argument);
  EXPECT_EQ(code("t", f32, {1, 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code("t", f32, {1ull << 32, 1ull << 32}), ErrorCode::invalid_argument);
  EXPECT_EQ(code("t", f32, {1ull << 31, 1ull << 31}), ErrorCode::invalid_argument);
  EXPECT_EQ(code("t", q8_0, {48}), ErrorCode::invalid_argument);
  EXPECT_EQ(writer.add_tensor("t", f32, Dims{1}, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(code(std::string(63, 'n'), f32, {1}), ErrorCode::ok);
  EXPECT_EQ(code("t", f32, {1}), ErrorCode::ok);
  EXPECT_EQ(code("t", f32, {1}), ErrorCode::invalid_argument) << "twice";
  EXPECT_TRUE(write_and_open(writer));
}

TEST_F(GgufWriterTest, AWrongKeyComesOutOfWrite) {
  for (const std::string& key : {std::string(), std::string("a\0b", 3), std::string(65536, 'k')}) {
    GgufWriter writer;
    writer.add(key, 1u);
    writer.add("fine", 1u);
    const auto written = writer.write(file);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(folder.entries(), 0u);
  }
}

TEST_F(GgufWriterTest, WritesNoMoreThanTheReaderTakes) {
  GgufWriter writer;
  for (int i = 0; i < 32769; ++i) writer.add(format("k{}", i), i);
  EXPECT_EQ(writer.write(file).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(folder.entries(), 0u);
}

TEST_F(GgufWriterTest, ProgressRisesToOneAndCancels) {
  write_file(file, GgufBytes(0, 0).bytes());
  const auto before = read_file(file);
  GgufWriter writer;
  ASSERT_TRUE(writer.add_tensor("a", f32, std::vector<std::uint64_t>{1000, 1000}, pattern(1)));
  ASSERT_TRUE(writer.add_tensor("b", f32, std::vector<std::uint64_t>{7}, pattern(2)));
  std::vector<double> seen;
  const auto record = [&](double fraction) {
    seen.push_back(fraction);
    return true;
  };
  for (std::size_t cancel_at = 0; cancel_at < 6; ++cancel_at) {
    std::size_t calls = 0;
    const auto written = writer.write(file, [&](double) { return calls++ != cancel_at; });
    ASSERT_FALSE(written) << cancel_at;
    EXPECT_EQ(written.error().code, ErrorCode::cancelled);
    EXPECT_EQ(calls, cancel_at + 1);
    EXPECT_EQ(folder.entries(), 1u);
    EXPECT_EQ(read_file(file), before);
  }
  ASSERT_TRUE(writer.write(file, record));
  EXPECT_EQ(seen.size(), 6u) << "four parts, one part, the end";
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_EQ(seen.front(), 0.0);
  EXPECT_EQ(seen.back(), 1.0);
  EXPECT_TRUE(GgufFile::open(file));
}

TEST_F(GgufWriterTest, AFailingSourceLeavesTheTargetAsItWas) {
  write_file(file, GgufBytes(0, 0).bytes());
  const auto before = read_file(file);
  const auto failing = [](auto fail) {
    return [fail](std::uint64_t offset, std::span<std::byte>) -> Result<void> {
      if (offset < (2u << 20)) return {};
      return fail();
    };
  };
  const auto refuse = [] { return error(ErrorCode::out_of_range, "no more"); };
  const auto raise = []() -> std::unexpected<Error> { throw std::runtime_error("thrown"); };
  for (const auto& [source, code] : {std::pair<GgufWriter::Source, ErrorCode>{failing(refuse), ErrorCode::out_of_range},
                                     {failing(raise), ErrorCode::internal}}) {
    GgufWriter writer;
    ASSERT_TRUE(writer.add_tensor("weights", f32, std::vector<std::uint64_t>{1000, 1000}, source));
    const auto written = writer.write(file);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, code);
    EXPECT_EQ(written.error().text(), code == ErrorCode::internal ? "thrown" : "tensor 'weights': no more");
    EXPECT_EQ(folder.entries(), 1u);
    EXPECT_EQ(read_file(file), before);
  }
}

TEST_F(GgufWriterTest, ABudgetThatIsUsedUpIsExhausted) {
  GgufWriter writer;
  ASSERT_TRUE(writer.add_tensor("t", f32, std::vector<std::uint64_t>{10}, pattern(0)));
  std::uint64_t n = 0;
  for (;; ++n) {
    const memory::AllocationFault fault(n);
    const auto written = writer.write(file);
    if (!fault.hit()) break;
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::exhausted);
    EXPECT_EQ(folder.entries(), 0u);
  }
  EXPECT_EQ(n, 2u) << "the part that sources fill: its charge and its memory";
}

TEST_F(GgufWriterTest, AMovedFromWriterSaysSo) {
  GgufWriter writer;
  writer.add("k", 1u);
  GgufWriter moved = std::move(writer);
  writer.add("k", 2u);  // NOLINT(bugprone-use-after-move): what is tested
  EXPECT_EQ(writer.write(file).error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(writer.add_tensor("t", f32, std::vector<std::uint64_t>{1}, pattern(0)).error().code, ErrorCode::failed_precondition);
  const auto opened = write_and_open(moved);
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened->unsigned_at("k"), 1u);
}

}  // namespace
