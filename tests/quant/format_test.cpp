#include <gtest/gtest.h>

#include <abi/quant/format.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace libabi;
using namespace libabi::quant;

const std::string folder = ABI_SOURCE_DIR "/tests/data/golden/llm/quant/";

std::vector<std::byte> file_bytes(const std::string& name) {
  std::ifstream in(folder + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::vector<float> file_floats(const std::string& name) {
  const auto bytes = file_bytes(name);
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), values.size() * 4);
  return values;
}

std::vector<float> decode(const Format& format, const std::vector<std::byte>& bytes) {
  std::vector<float> out(bytes.size() / format.block_bytes * format.block_length);
  format.decode(bytes.data(), out.data(), out.size());
  return out;
}

std::vector<std::byte> encode(const Format& format, const std::vector<float>& values) {
  std::vector<std::byte> out(values.size() / format.block_length * format.block_bytes);
  format.encode(values.data(), out.data(), values.size());
  return out;
}

double squared_error(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  return sum;
}

void expect_same_bits(const std::vector<float>& found, const std::vector<float>& expected, const std::string& where) {
  ASSERT_EQ(found.size(), expected.size()) << where;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i]))
      ASSERT_TRUE(std::isnan(found[i])) << where << " element " << i;
    else
      ASSERT_EQ(std::bit_cast<std::uint32_t>(found[i]), std::bit_cast<std::uint32_t>(expected[i])) << where << " element " << i;
  }
}

/// Calls body(format, its entry in the reference's index) for every registered format that the reference has.
template <class Body>
void for_each_reference(Body body) {
  std::ifstream in(folder + "index.json");
  const auto index = nlohmann::json::parse(in);
  int seen = 0;
  for (const auto& type : index["types"]) {
    const Format* format = find_gguf_type(type["id"].get<std::uint32_t>());
    if (!format) continue;
    ++seen;
    body(*format, type);
  }
  EXPECT_GE(seen, 7);
}

TEST(Format, DecodesEveryReferenceBlockToTheSameBits) {
  for_each_reference([](const Format& format, const nlohmann::json& type) {
    const auto stem = type["name"].get<std::string>();
    expect_same_bits(decode(format, file_bytes(stem + ".q")), file_floats(stem + ".deq.f32"), stem);
    if (type["rand_blocks"].get<int>() > 0)
      expect_same_bits(decode(format, file_bytes(stem + ".rand.q")), file_floats(stem + ".rand.f32"), stem + ".rand");
  });
}

TEST(Format, EncodesWithNoMoreErrorThanTheReference) {
  const auto source = file_floats("src.f32");
  for_each_reference([&](const Format& format, const nlohmann::json& type) {
    const auto stem = type["name"].get<std::string>();
    const double ours = squared_error(source, decode(format, encode(format, source)));
    for (const char* variant : {".q", ".ref.q"}) {
      const double theirs = squared_error(source, decode(format, file_bytes(stem + variant)));
      EXPECT_LE(ours, theirs) << stem << variant;
    }
  });
}

TEST(Format, LayoutAgreesWithTheReference) {
  for_each_reference([](const Format& format, const nlohmann::json& type) {
    EXPECT_EQ(format.block_length, type["block"].get<std::uint32_t>());
    EXPECT_EQ(format.block_bytes, type["type_size"].get<std::uint32_t>());
    const auto bytes = row_bytes(format, 256);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(*bytes, type["row_bytes"].get<std::uint64_t>());
  });
}

TEST(Format, EveryMemberIsFoundByItsNameAndItsType) {
  ASSERT_EQ(formats().size(), 9u);
  for (std::size_t i = 0; i < formats().size(); ++i) {
    const Format* member = formats()[i];
    EXPECT_EQ(static_cast<std::size_t>(member->id), i);
    EXPECT_EQ(&format(member->id), member);
    EXPECT_EQ(find_gguf_type(member->gguf_type), member);
    EXPECT_EQ(find_format(member->name), member);
    std::string lower(member->name);
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(find_format(lower), member);
    EXPECT_EQ(member->decode == nullptr, member->encode == nullptr);
  }
  EXPECT_EQ(find_format("Q4"), nullptr);
  EXPECT_EQ(find_format(""), nullptr);
  EXPECT_EQ(find_gguf_type(4), nullptr);
}

TEST(Format, ARowMustBeWholeBlocksAndFit64Bits) {
  EXPECT_EQ(row_bytes(format(FormatId::q4_0), 33).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(row_bytes(format(FormatId::f32), std::uint64_t{1} << 63).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(*row_bytes(format(FormatId::q8_0), 0), 0u);
}

TEST(Format, EncodingWhatWasDecodedChangesNothing) {
  const auto source = file_floats("src.f32");
  for (const Format* format : formats()) {
    if (!format->encode) continue;
    const auto once = decode(*format, encode(*format, source));
    const auto twice = decode(*format, encode(*format, once));
    EXPECT_LE(squared_error(once, twice), 1e-3 * squared_error(once, std::vector<float>(once.size(), 0.0f))) << format->name;
  }
}

TEST(Format, ExtremesStayFiniteAndZerosStayZero) {
  const float largest = std::numeric_limits<float>::max(), smallest = std::numeric_limits<float>::denorm_min();
  for (const Format* format : formats()) {
    if (format->block_length == 1) continue;
    for (const float x : {largest, -largest, smallest, 1e-7f, 65504.0f * 8, 1.0f}) {
      std::vector<float> block(32, 0.0f);
      block[3] = x;
      block[20] = -x / 3;
      const auto back = decode(*format, encode(*format, block));
      for (std::size_t j = 0; j < 32; ++j) EXPECT_TRUE(std::isfinite(back[j])) << format->name << " of " << x << " at " << j;
    }
    const auto zeros = decode(*format, encode(*format, std::vector<float>(64, 0.0f)));
    for (const float z : zeros) EXPECT_EQ(std::bit_cast<std::uint32_t>(z), 0u) << format->name;
  }
}

}  // namespace
