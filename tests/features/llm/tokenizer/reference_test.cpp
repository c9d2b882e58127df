/// Every case of the reference vocabularies, which belong to their models and are read from beside the checkout.

#include <abi/llm/tokenizer.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace libabi::llm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Ids = std::vector<TokenId>;

const fs::path kFolder = fs::path(ABI_SOURCE_DIR).parent_path() / "shared/reference/llm/vocab";

std::string unhex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class Reference : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!fs::exists(vocabulary())) GTEST_SKIP() << "no " << vocabulary();
    auto file = GgufFile::open(vocabulary());
    ASSERT_TRUE(file) << file.error().text();
    auto loaded = Tokenizer::load(*file);
    ASSERT_TRUE(loaded) << loaded.error().text();
    tokenizer.emplace(std::move(*loaded));
  }
  fs::path vocabulary() const { return kFolder / ("ggml-vocab-" + GetParam() + ".gguf"); }
  json cases() const { return json::parse(slurp(kFolder / (GetParam() + ".cases.json"))); }

  std::optional<Tokenizer> tokenizer;
};

TEST_P(Reference, TokenisesEveryCaseWithEveryOption) {
  const json file = cases();
  std::size_t compared = 0;
  for (const json& each : file.at("cases")) {
    const std::string text = unhex(each.at("text_hex"));
    for (const bool add_special : {false, true})
      for (const bool parse_special : {false, true}) {
        const std::string key = std::string("ids") + (add_special ? "1" : "0") + (parse_special ? "1" : "0");
        const auto ids = tokenizer->tokenize(text, {.add_special = add_special, .parse_special = parse_special});
        ASSERT_TRUE(ids) << ids.error().text();
        EXPECT_EQ(*ids, each.at(key).get<Ids>()) << key << " of '" << text << "'";
        ++compared;
      }
  }
  EXPECT_GE(compared, 4 * 56u);
}

TEST_P(Reference, DetokenisesEveryCase) {
  const json file = cases();
  std::size_t compared = 0;
  for (const json& each : file.at("cases")) {
    if (!each.contains("detok_hex")) continue;
    const auto text = tokenizer->detokenize(each.at("ids00").get<Ids>(), true);
    ASSERT_TRUE(text) << text.error().text();
    EXPECT_EQ(*text, unhex(each.at("detok_hex"))) << "of '" << unhex(each.at("text_hex")) << "'";
    ++compared;
  }
  EXPECT_GE(compared, 53u);
}

TEST_P(Reference, GivesTheSamePieces) {
  const json pieces = cases().value("pieces_hex_first600", json::array());
  for (std::size_t id = 0; id < pieces.size(); ++id)
    EXPECT_EQ(tokenizer->piece(static_cast<TokenId>(id), true).value(), unhex(pieces[id])) << "token " << id;
}

TEST_P(Reference, KnowsTheSameRoles) {
  const json expected = cases();
  const SpecialTokens& special = tokenizer->special();
  EXPECT_EQ(tokenizer->size(), expected.at("n_tokens").get<std::size_t>());
  EXPECT_EQ(special.bos.value_or(-1), expected.at("bos").get<TokenId>());
  EXPECT_EQ(special.eos.value_or(-1), expected.at("eos").get<TokenId>());
  EXPECT_EQ(special.eot.value_or(-1), expected.at("eot").get<TokenId>());
  EXPECT_EQ(special.separator.value_or(-1), expected.at("sep").get<TokenId>());
  EXPECT_EQ(special.padding.value_or(-1), expected.at("pad").get<TokenId>());
  EXPECT_EQ(tokenizer->adds_bos(), expected.at("add_bos").get<bool>());
  EXPECT_EQ(tokenizer->adds_eos(), expected.at("add_eos").get<bool>());
  // The reference says padding where WordPiece has no newline.
  if (tokenizer->model() != "bert") {
    EXPECT_EQ(special.newline.value_or(-1), expected.at("nl").get<TokenId>());
  }
}

TEST_P(Reference, TokenisesTheTextsBesideTheVocabulary) {
  const fs::path input = vocabulary().string() + ".inp", output = vocabulary().string() + ".out";
  const std::string separator = "\n__ggml_vocab_test__\n";
  const std::string texts = slurp(input);
  std::istringstream lines(slurp(output));
  std::size_t compared = 0;
  for (std::size_t begin = 0; begin < texts.size(); ++compared) {
    const std::size_t end = std::min(texts.find(separator, begin), texts.size());
    std::string line;
    std::getline(lines, line);
    std::istringstream numbers(line);
    Ids expected;
    for (TokenId id; numbers >> id;) expected.push_back(id);
    const std::string text = texts.substr(begin, end - begin);
    EXPECT_EQ(tokenizer->tokenize(text, {.add_special = false, .parse_special = true}).value(), expected) << "'" << text << "'";
    begin = end + separator.size();
  }
  EXPECT_GT(compared, 40u);
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, Reference,
                         testing::Values("llama-spm", "phi-3", "gpt-2", "falcon", "deepseek-coder", "bert-bge"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace libabi::llm
