/// Files that say wrong things about their vocabulary, and what a right one says.

#include "vocabularies.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

namespace libabi::llm {
namespace {

using namespace testing_vocabulary;

/// The error of a vocabulary, or an empty one.
Error error_of(const Words& words) {
  auto tokenizer = words.build();
  return tokenizer ? Error{ErrorCode::ok, {}, {}} : tokenizer.error();
}

#define EXPECT_REFUSED(words, expected_code, part)                           \
  do {                                                                       \
    const Error found = error_of(words);                                     \
    EXPECT_EQ(found.code, expected_code) << found.text();                    \
    EXPECT_NE(found.message.find(part), std::string::npos) << found.message; \
  } while (false)

Words small(std::string_view model) {
  if (model == "llama") return llama_base();
  if (model == "bert") return bert_base();
  return gpt2_base("gpt-2");
}

class EveryFamily : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryFamily, ReadsItsVocabulary) {
  const Words words = small(GetParam());
  const auto tokenizer = words.build();
  ASSERT_TRUE(tokenizer) << tokenizer.error().text();
  EXPECT_EQ(tokenizer->model(), GetParam());
  EXPECT_EQ(tokenizer->pre_tokenizer(), GetParam() == "gpt2" ? "gpt-2" : "");
  ASSERT_EQ(tokenizer->size(), words.texts.size());
  for (TokenId id = 0; id < static_cast<TokenId>(words.texts.size()); ++id) {
    EXPECT_EQ(tokenizer->text(id).value(), words.texts[static_cast<std::size_t>(id)]);
    EXPECT_EQ(tokenizer->find(words.texts[static_cast<std::size_t>(id)]), id);
    EXPECT_EQ(static_cast<std::int64_t>(tokenizer->type(id).value()), words.source.types[static_cast<std::size_t>(id)]);
  }
  EXPECT_EQ(tokenizer->find("no such token"), std::nullopt);
  EXPECT_EQ(tokenizer->find(""), std::nullopt);
}

TEST_P(EveryFamily, RefusesIdsOutOfRange) {
  const auto tokenizer = small(GetParam()).build().value();
  const auto size = static_cast<TokenId>(tokenizer.size());
  for (const TokenId id : {-1, size, std::numeric_limits<TokenId>::max(), std::numeric_limits<TokenId>::min()}) {
    EXPECT_EQ(tokenizer.text(id).error().code, ErrorCode::out_of_range);
    EXPECT_EQ(tokenizer.type(id).error().code, ErrorCode::out_of_range);
    EXPECT_EQ(tokenizer.score(id).error().code, ErrorCode::out_of_range);
    EXPECT_EQ(tokenizer.piece(id).error().code, ErrorCode::out_of_range);
    EXPECT_EQ(tokenizer.detokenize(std::vector<TokenId>{0, id}).error().code, ErrorCode::out_of_range);
    EXPECT_FALSE(tokenizer.is_end(id));
  }
  EXPECT_NE(tokenizer.piece(size).error().message.find(std::to_string(size)), std::string::npos);
}

TEST_P(EveryFamily, RefusesAVocabularyWithoutTokens) {
  Words words = small(GetParam());
  words.source.tokens.clear();
  EXPECT_REFUSED(words, ErrorCode::corrupt, "no tokens");
}

TEST_P(EveryFamily, RefusesArraysThatDoNotFitTogether) {
  Words words = small(GetParam());
  words.source.types.pop_back();
  EXPECT_REFUSED(words, ErrorCode::corrupt, "tokenizer.ggml.token_type");
  words = small(GetParam());
  words.source.has_scores = true;
  words.source.scores.assign(words.source.tokens.size() + 1, 0.0f);
  EXPECT_REFUSED(words, ErrorCode::corrupt, "tokenizer.ggml.scores");
}

TEST_P(EveryFamily, RefusesTokensThatAreThereTwice) {
  Words words = small(GetParam());
  words.add("twice");
  words.add("twice");
  if (!words.source.has_scores) words.source.scores.clear();
  EXPECT_REFUSED(words, ErrorCode::corrupt, "'twice'");
}

TEST_P(EveryFamily, RefusesTypesAndScoresThatCannotBe) {
  for (const std::int64_t type : {std::int64_t{-1}, std::int64_t{7}, std::numeric_limits<std::int64_t>::max()}) {
    Words words = small(GetParam());
    words.source.types[1] = type;
    EXPECT_REFUSED(words, ErrorCode::corrupt, "token 1 has type");
  }
  Words words = small(GetParam());
  words.source.has_scores = true;
  words.source.scores.assign(words.source.tokens.size(), 0.0f);
  words.source.scores[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_REFUSED(words, ErrorCode::corrupt, "token 2");
}

TEST_P(EveryFamily, RefusesRolesOutsideTheVocabulary) {
  for (const auto role :
       {&VocabularySource::bos, &VocabularySource::eos, &VocabularySource::eot, &VocabularySource::unknown,
        &VocabularySource::separator, &VocabularySource::padding, &VocabularySource::mask, &VocabularySource::cls})
    for (const std::int64_t id : {std::int64_t{1000}, std::int64_t{-2}, std::int64_t{1} << 40}) {
      Words words = small(GetParam());
      words.source.*role = id;
      EXPECT_REFUSED(words, ErrorCode::corrupt, std::to_string(id));
    }
}

TEST_P(EveryFamily, TakesEmptyTokensThatFillHoles) {
  Words words = small(GetParam());
  const TokenId hole = words.add("");
  words.add("");
  words.add("", TokenType::user_defined);
  if (!words.source.has_scores) words.source.scores.clear();
  const auto tokenizer = words.build();
  ASSERT_TRUE(tokenizer) << tokenizer.error().text();
  EXPECT_EQ(tokenizer->piece(hole).value(), "");
  EXPECT_TRUE(tokenizer->tokenize("some text"));
}

TEST_P(EveryFamily, TokenisesAnEmptyTextToNothingButWhatIsAdded) {
  const auto tokenizer = small(GetParam()).build().value();
  EXPECT_TRUE(tokenizer.tokenize("", {.add_special = false}).value().empty());
  EXPECT_EQ(tokenizer.detokenize({}).value(), "");
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryFamily, testing::ValuesIn(tokenizer_models().begin(), tokenizer_models().end()),
                         [](const auto& each) { return std::string(each.param); });

TEST(Tokenizer, NamesTheKnownModelsAndPreTokenizersWhenAskedForAnother) {
  Words words = llama_base();
  words.source.model = "t5";
  for (const std::string_view name : tokenizer_models()) EXPECT_REFUSED(words, ErrorCode::unsupported, name);
  words = gpt2_base("nothing-known");
  for (const std::string_view name : pre_tokenizers()) EXPECT_REFUSED(words, ErrorCode::unsupported, name);
  words = gpt2_base("");
  EXPECT_EQ(words.build().value().pre_tokenizer(), "default");
}

TEST(Tokenizer, SaysWhichKeyIsMissing) {
  Words words = llama_base();
  words.source.has_scores = false;
  words.source.scores.clear();
  EXPECT_REFUSED(words, ErrorCode::not_found, "tokenizer.ggml.scores");
  words = llama_base();
  words.source.has_types = false;
  words.source.types.clear();
  EXPECT_REFUSED(words, ErrorCode::not_found, "tokenizer.ggml.token_type");
  words = gpt2_base("gpt-2");
  words.source.has_merges = false;
  EXPECT_REFUSED(words, ErrorCode::not_found, "tokenizer.ggml.merges");
  words = bert_base();
  words.texts[2] = "[SEQ]";
  words.source.tokens[2] = words.texts[2];
  EXPECT_REFUSED(words, ErrorCode::not_found, "[CLS]");
}

TEST(Tokenizer, RefusesMergesThatAreNone) {
  const std::pair<std::string, std::string> bad[] = {
      {"ab", "'ab'"}, {"", "''"}, {"a ", "'a '"}, {"a b", "'ab'"}, {"a \xC4\x80\xC4\x80", "\xC4\x80\xC4\x80"}, {"xy a", "'xy'"}};
  for (const auto& [merge, part] : bad) {
    Words words = gpt2_base("gpt-2");
    words.source.merges.push_back(merge);
    EXPECT_REFUSED(words, ErrorCode::corrupt, part);
  }
  Words words = gpt2_base("gpt-2");
  words.add("ab");
  words.source.scores.clear();
  words.merge("a", "b");
  words.merge("a", "b");  // twice is harmless
  EXPECT_EQ(words.build().value().tokenize("ab").value(), std::vector<TokenId>{256});
}

TEST(Tokenizer, RefusesByteTokensThatSpellNoByteAndTextThatNothingSpells) {
  Words words = llama_base();
  words.add("<0xG0>", TokenType::byte);
  EXPECT_REFUSED(words, ErrorCode::corrupt, "'<0xG0>'");
  Words bare;
  bare.source.model = "llama";
  bare.source.has_types = bare.source.has_scores = true;
  bare.add("a");
  EXPECT_REFUSED(bare, ErrorCode::corrupt, "unknown token");
}

TEST(Tokenizer, RefusesToAddATokenThatIsNotThere) {
  Words words = gpt2_base("gpt-2");
  words.source.add_bos = true;
  EXPECT_REFUSED(words, ErrorCode::corrupt, "add_bos_token");
  words.source.bos = 5;
  words.source.add_eos = true;
  EXPECT_REFUSED(words, ErrorCode::corrupt, "add_eos_token");
  words.source.eos = 6;
  const auto tokenizer = words.build().value();
  EXPECT_EQ(tokenizer.tokenize("a").value(), (std::vector<TokenId>{5, 'a', 6}));
  EXPECT_TRUE(tokenizer.adds_bos());
  EXPECT_TRUE(tokenizer.adds_eos());
}

TEST(Tokenizer, TakesMinusOneForNoId) {
  for (const std::int64_t none : {std::int64_t{-1}, std::int64_t{0xFFFFFFFF}}) {
    Words words = llama_base();
    words.source.padding = words.source.eos = none;
    const auto tokenizer = words.build().value();
    EXPECT_EQ(tokenizer.special().padding, std::nullopt);
    EXPECT_EQ(tokenizer.special().eos, std::nullopt);
    EXPECT_EQ(tokenizer.special().bos, 1);
  }
}

TEST(Tokenizer, RefusesATextOverItsBound) {
  const auto tokenizer = llama_base().build().value();
  const char byte = 'a';  // not read: the length alone decides
  const auto ids = tokenizer.tokenize({&byte, (std::size_t{1} << 30) + 1});
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().code, ErrorCode::out_of_range);
}

class LoadedFromAFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("abi_tokenizer_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<Tokenizer> load(const GgufWriter& writer) {
    const auto path = folder_ / "vocabulary.gguf";
    ABI_TRY(writer.write(path));
    ABI_TRY(const GgufFile file, GgufFile::open(path));
    return Tokenizer::load(file);  // the file is closed when the caller has the tokenizer
  }
  static GgufWriter written(const Words& words) {
    GgufWriter writer;
    writer.add("general.architecture", "llama");
    writer.add("tokenizer.ggml.model", words.source.model);
    std::vector<std::string> texts(words.texts.begin(), words.texts.end());
    writer.add_strings("tokenizer.ggml.tokens", texts);
    std::vector<std::int32_t> types(words.source.types.begin(), words.source.types.end());
    writer.add_integers("tokenizer.ggml.token_type", types);
    writer.add_floats("tokenizer.ggml.scores", words.source.scores);
    return writer;
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(LoadedFromAFile, ATokenizerIsTheOneThatWasWritten) {
  Words words = llama_base();
  words.add("ab", TokenType::normal, -1.5f);
  GgufWriter writer = written(words);
  writer.add("tokenizer.ggml.add_bos_token", false);
  writer.add("tokenizer.ggml.add_eos_token", true);
  writer.add("tokenizer.ggml.add_space_prefix", false);
  writer.add("tokenizer.ggml.padding_token_id", std::uint32_t{7});
  const auto tokenizer = load(writer);
  ASSERT_TRUE(tokenizer) << tokenizer.error().text();
  EXPECT_EQ(tokenizer->tokenize("a").value(), (std::vector<TokenId>{3 + 'a', 2}));
  EXPECT_EQ(tokenizer->special().padding, 7);
  EXPECT_EQ(tokenizer->score(259).value(), -1.5f);
  EXPECT_EQ(tokenizer->text(259).value(), "ab");
}

TEST_F(LoadedFromAFile, MissingOrWrongKeysAreErrorsThatNameThem) {
  GgufWriter nothing;
  nothing.add("general.architecture", "llama");
  auto tokenizer = load(nothing);
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().code, ErrorCode::not_found);
  EXPECT_NE(tokenizer.error().text().find("tokenizer.ggml.model"), std::string::npos);

  nothing.add("tokenizer.ggml.model", "llama");
  tokenizer = load(nothing);
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().code, ErrorCode::not_found);
  EXPECT_NE(tokenizer.error().text().find("tokenizer.ggml.tokens"), std::string::npos);

  for (const char* key : {"tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type", "tokenizer.ggml.model",
                          "tokenizer.ggml.bos_token_id", "tokenizer.ggml.add_bos_token", "tokenizer.ggml.normalizer.lowercase"}) {
    GgufWriter writer = written(llama_base());
    writer.add_strings(key, std::vector<std::string>{"x", "y"});
    if (key == std::string_view("tokenizer.ggml.tokens")) writer.add(key, "x");
    tokenizer = load(writer);
    ASSERT_FALSE(tokenizer) << key;
    EXPECT_NE(tokenizer.error().text().find(key), std::string::npos) << tokenizer.error().text();
  }
}

TEST_F(LoadedFromAFile, AVocabularyOfAQuarterMillionIsThereAtOnce) {
  Words words = llama_base();
  for (int i = 0; i < 256'000; ++i)
    words.add(std::string("token").append(std::to_string(i)), TokenType::normal, -static_cast<float>(i));
  const auto tokenizer = load(written(words));
  ASSERT_TRUE(tokenizer) << tokenizer.error().text();
  EXPECT_EQ(tokenizer->find("token255999"), 259 + 255'999);
}

}  // namespace
}  // namespace libabi::llm
