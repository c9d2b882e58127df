// Files and options that are wrong give errors that say what was found and what was expected.

#include "features/llm/model/golden.hpp"
#include "features/llm/model/rewrite.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

namespace libabi::llm::test {
namespace {

class ModelErrors : public testing::Test {
 protected:
  std::filesystem::path changed(const Change& change, const char* model = "models/llama-gqa.gguf") {
    const auto file = folder_.path() / format("m{}.gguf", count_++);
    rewrite(golden_dir() / model, file, change);
    return file;
  }
  /// Opening must fail with this code, and the text must hold all of the words.
  void expect_error(const std::filesystem::path& file, ErrorCode code, const std::vector<std::string>& words,
                    const ModelOptions& options = {.threads = 1}) {
    const auto model = Model::open(file, options);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, code) << model.error().text();
    for (const std::string& word : words)
      EXPECT_NE(model.error().text().find(word), std::string::npos) << word << " in: " << model.error().text();
  }
  TemporaryFolder folder_;

 private:
  int count_ = 0;
};

TEST_F(ModelErrors, ACopyWithoutChangesOpens) {
  const auto model = Model::open(changed({}), {.threads = 1, .check_tensors = true});
  EXPECT_TRUE(model) << model.error().text();
}

TEST_F(ModelErrors, MissingFileDirectoryAndWhatIsNoModel) {
  expect_error(folder_.path() / "absent.gguf", ErrorCode::not_found, {"absent.gguf"});
  expect_error(folder_.path(), ErrorCode::invalid_argument, {folder_.path().filename()});
  std::ofstream(folder_.path() / "text.gguf") << "this is a text and no model, long enough to have a header";
  expect_error(folder_.path() / "text.gguf", ErrorCode::corrupt, {});
  std::ofstream(folder_.path() / "empty.gguf").close();
  expect_error(folder_.path() / "empty.gguf", ErrorCode::corrupt, {});
}

TEST_F(ModelErrors, AnotherArchitectureIsUnsupportedAndNamesTheKnown) {
  const auto file = changed({.metadata = [](GgufWriter& w) { w.add("general.architecture", "mamba"); }});
  std::vector<std::string> words{"mamba"};
  for (const std::string_view name : architectures()) words.emplace_back(name);
  expect_error(file, ErrorCode::unsupported, words);
  expect_error(changed({.without_keys = {"general.architecture"}}), ErrorCode::not_found, {"general.architecture"});
}

TEST_F(ModelErrors, AMissingTensorIsNamed) {
  const GgufFile file = GgufFile::open(golden_dir() / "models/llama-gqa.gguf").value();
  for (const GgufTensor& tensor : file.tensors()) {
    if (tensor.name == "output.weight") continue;  // then the embedding is used in its place
    expect_error(changed({.without_tensors = {std::string(tensor.name)}}), ErrorCode::not_found, {std::string(tensor.name)});
  }
}

TEST_F(ModelErrors, AnotherShapeIsNamedWithBoth) {
  expect_error(changed({.reshaped = "blk.1.ffn_up.weight", .shape = {160, 64}}), ErrorCode::invalid_argument,
               {"blk.1.ffn_up.weight", "[160, 64]", "[64, 160]"});
  expect_error(changed({.reshaped = "blk.0.attn_k.weight", .shape = {64, 16}}), ErrorCode::invalid_argument,
               {"[64, 16]", "[64, 32]"});
  expect_error(changed({.reshaped = "output_norm.weight", .shape = {32}}), ErrorCode::invalid_argument,
               {"output_norm.weight", "[32]"});
  expect_error(changed({.reshaped = "blk.0.ffn_gate.weight", .shape = {64, 80, 2}}), ErrorCode::invalid_argument,
               {"[64, 80, 2]"});
}

TEST_F(ModelErrors, AVocabularyThatDoesNotFitTheEmbeddingsIsRefused) {
  expect_error(changed({.reshaped = "token_embd.weight", .shape = {64, 300}}), ErrorCode::invalid_argument, {"320", "300"});
}

TEST_F(ModelErrors, MetadataOutOfRangeIsNamed) {
  const auto with = [&](std::string key, std::uint32_t value) {
    return changed({.metadata = [=](GgufWriter& w) { w.add(key, value); }});
  };
  for (const char* key : {"llama.context_length", "llama.embedding_length", "llama.block_count", "llama.feed_forward_length",
                          "llama.attention.head_count"}) {
    expect_error(with(key, 0), ErrorCode::invalid_argument, {key});
    expect_error(with(key, 0xffffffff), ErrorCode::invalid_argument, {key});
    expect_error(changed({.without_keys = {key}}), ErrorCode::not_found, {key});
  }
  expect_error(with("llama.block_count", 3), ErrorCode::not_found, {"blk.2."});
  expect_error(with("llama.attention.head_count_kv", 3), ErrorCode::invalid_argument, {"3"});
  expect_error(with("llama.attention.head_count_kv", 8), ErrorCode::invalid_argument, {"head_count_kv", "8"});
  expect_error(with("llama.rope.dimension_count", 7), ErrorCode::invalid_argument, {"dimension_count", "7"});
  expect_error(changed({.metadata = [](GgufWriter& w) { w.add("llama.rope.scaling.type", "spiral"); }}), ErrorCode::unsupported,
               {"spiral"});
  expect_error(changed({.metadata = [](GgufWriter& w) { w.add("llama.block_count", "two"); }}), ErrorCode::invalid_argument,
               {"block_count"});
  expect_error(changed({.metadata = [](GgufWriter& w) { w.add("llama.attention.layer_norm_rms_epsilon", std::nanf("")); }}),
               ErrorCode::invalid_argument, {"epsilon"});
}

TEST_F(ModelErrors, BertWithoutPoolingIsUnsupported) {
  expect_error(changed({.without_keys = {"bert.pooling_type"}}, "models/bert-mean.gguf"), ErrorCode::unsupported, {"pooling"});
}

TEST_F(ModelErrors, CheckTensorsNamesTensorAndElement) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    const auto file = changed({.data = [&](const std::string& name, std::span<std::byte> bytes) {
      if (name != "blk.1.ffn_down.weight") return;
      std::memcpy(bytes.data() + 4 * 10239, &bad, 4);
      std::memcpy(bytes.data() + 4 * 4111, &bad, 4);
    }});
    expect_error(file, ErrorCode::failed_precondition, {"blk.1.ffn_down.weight", "element 4111"},
                 {.threads = 2, .check_tensors = true});
    EXPECT_TRUE(Model::open(file, {.threads = 1})) << "nothing is read without check_tensors";
  }
}

TEST_F(ModelErrors, CheckTensorsFindsWhatAQuantisedBlockDecodesTo) {
  const auto file = changed({.data =
                                 [](const std::string& name, std::span<std::byte> bytes) {
                                   if (name != "blk.0.attn_q.weight") return;
                                   bytes[18 * 100] = std::byte{0x00};  // the scale of block 100: half-precision infinity
                                   bytes[18 * 100 + 1] = std::byte{0x7c};
                                 }},
                            "quantmodels/q-llama-Q4_0.gguf");
  expect_error(file, ErrorCode::failed_precondition, {"blk.0.attn_q.weight"}, {.threads = 2, .check_tensors = true});
}

TEST_F(ModelErrors, CheckedModelsOfEveryFormatAreFinite) {
  for (const auto& file : golden_models()) {
    const auto model = Model::open(file, {.threads = 2, .check_tensors = true});
    EXPECT_TRUE(model) << model.error().text();
  }
}

TEST_F(ModelErrors, LogitsThatAreNotFiniteAreAnErrorNeverAToken) {
  for (const std::string& device : devices()) {
    SCOPED_TRACE(device);
    const auto file = changed({.data = [](const std::string& name, std::span<std::byte> bytes) {
      const float nan = std::numeric_limits<float>::quiet_NaN();
      if (name == "output.weight") std::memcpy(bytes.data() + 4 * (64 * 77 + 3), &nan, 4);
    }});
    Session session = start(open(file, device), 32, 8);
    const auto logits = session.evaluate(std::vector<TokenId>{1, 2, 3});
    ASSERT_FALSE(logits);
    EXPECT_EQ(logits.error().code, ErrorCode::failed_precondition);
    EXPECT_NE(logits.error().message.find("token 77"), std::string::npos) << logits.error().text();
    int tokens = 0;
    const auto generated =
        session.generate(std::vector<TokenId>{1, 2, 3}, {.max_tokens = 4}, [&](const Token&) { return ++tokens, true; });
    ASSERT_FALSE(generated);
    EXPECT_EQ(generated.error().code, ErrorCode::failed_precondition);
    EXPECT_EQ(tokens, 0);
  }
}

TEST_F(ModelErrors, EmbeddingsThatAreNotFiniteAreAnError) {
  const auto file = changed({.data =
                                 [](const std::string& name, std::span<std::byte> bytes) {
                                   const float infinity = std::numeric_limits<float>::infinity();
                                   if (name == "blk.0.ffn_up.bias") std::memcpy(bytes.data(), &infinity, 4);
                                 }},
                            "models/bert-mean.gguf");
  Session session = start(open(file, "cpu"), 32, 8);
  const auto embedding = session.embed(std::vector<TokenId>{1, 2, 3});
  ASSERT_FALSE(embedding);
  EXPECT_EQ(embedding.error().code, ErrorCode::failed_precondition);
}

TEST_F(ModelErrors, UnknownBackendAndTooManyThreadsAreRefused) {
  expect_error(golden_dir() / "models/gpt2.gguf", ErrorCode::not_found, {"abacus", "cpu"}, {.backend = "abacus"});
  expect_error(golden_dir() / "models/gpt2.gguf", ErrorCode::invalid_argument, {}, {.threads = 100000});
}

}  // namespace
}  // namespace libabi::llm::test
