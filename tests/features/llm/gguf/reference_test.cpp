#include <gtest/gtest.h>

#include "exercise.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace {

using namespace libabi;
using namespace libabi::llm;

const std::filesystem::path reference = ABI_SOURCE_DIR "/../shared/reference/llm";

std::uint64_t parameters(const GgufFile& file) {
  std::uint64_t sum = 0;
  for (const GgufTensor& tensor : file.tensors()) sum += tensor.elements;
  return sum;
}

TEST(GgufReference, EveryModelAgreesWithItsList) {
  int seen = 0;
  for (const char* folder : {"models", "models-ik"}) {
    std::ifstream in(reference / folder / "models.json");
    if (!in) GTEST_SKIP() << "no reference models in " << reference;
    const auto list = nlohmann::json::parse(in);
    for (const auto& [name, model] : list.items()) {
      const auto file = GgufFile::open(reference / folder / (name + ".gguf"));
      ASSERT_TRUE(file) << file.error().text();
      ++seen;
      EXPECT_EQ(exercise(*file), "") << name;
      EXPECT_EQ(*file->string_at("general.architecture"), model["arch"].get<std::string>()) << name;
      EXPECT_EQ(parameters(*file), model["params"].get<std::uint64_t>()) << name;
      EXPECT_EQ(file->file_bytes(), model["bytes"].get<std::uint64_t>()) << name;
      const std::string arch = model["arch"];
      EXPECT_EQ(*file->unsigned_at(arch + ".embedding_length"), model["hparams"]["D"].get<std::uint64_t>()) << name;
      EXPECT_EQ(*file->unsigned_at(arch + ".block_count"), model["hparams"]["L"].get<std::uint64_t>()) << name;
      const GgufTensor* embedding = file->find_tensor("token_embd.weight");
      ASSERT_NE(embedding, nullptr) << name;
      EXPECT_EQ(embedding->dims, (std::vector<std::uint64_t>{model["hparams"]["D"], model["hparams"]["V"]})) << name;
      // Made by a writer that leaves no holes: the tensors tile the data.
      std::uint64_t end = file->tensors()[0].offset;
      for (const GgufTensor& tensor : file->tensors()) {
        EXPECT_EQ(tensor.offset, end) << name << " " << tensor.name;
        end += (tensor.bytes + 31) / 32 * 32;
      }
      EXPECT_EQ(end, file->file_bytes()) << name;
    }
  }
  EXPECT_GE(seen, 30);
}

TEST(GgufReference, VocabulariesAndQuantisedModelsOpen) {
  int seen = 0;
  for (const char* folder : {"vocab", "quantmodels", "lora"}) {
    if (!std::filesystem::exists(reference / folder)) GTEST_SKIP() << "no reference files in " << reference;
    for (const auto& each : std::filesystem::directory_iterator(reference / folder)) {
      if (each.path().extension() != ".gguf") continue;
      const auto file = GgufFile::open(each.path());
      ASSERT_TRUE(file) << file.error().text();
      ++seen;
      EXPECT_EQ(exercise(*file), "") << each.path();
      const GgufValue* tokens = file->find("tokenizer.ggml.tokens");
      const GgufValue* types = file->find("tokenizer.ggml.token_type");
      EXPECT_TRUE(!tokens || !types || tokens->count() == types->count()) << each.path();
    }
  }
  EXPECT_GE(seen, 30);
}

}  // namespace
