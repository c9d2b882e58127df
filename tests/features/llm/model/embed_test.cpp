#include "features/llm/model/golden.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace libabi::llm::test {
namespace {

TEST(ModelEmbed, InfoTellsWhatAnEmbeddingModelGives) {
  const Model mean = open(golden_dir() / "models/bert-mean.gguf", "cpu");
  EXPECT_EQ(mean.info().kind, ModelKind::embedding);
  EXPECT_EQ(mean.info().pooling, PoolingType::mean);
  EXPECT_EQ(mean.info().embedding_width, mean.info().width);
  EXPECT_EQ(open(golden_dir() / "models/bert-rank.gguf", "cpu").info().embedding_width, 1);
  EXPECT_EQ(open(golden_dir() / "models/bert-cls.gguf", "cpu").info().pooling, PoolingType::cls);
}

TEST(ModelEmbed, LeavesNothingBehindInTheSession) {
  Session session = start(open(golden_dir() / "models/bert-mean.gguf", "cpu"), 32, 8);
  const std::vector<TokenId> first{2, 10, 20, 30, 3}, other{2, 50, 3};
  const auto before = session.embed(first);
  ASSERT_TRUE(before);
  const auto between = session.embed(other);
  ASSERT_TRUE(between);
  const auto after = session.embed(first);
  ASSERT_TRUE(after);
  EXPECT_EQ(*before, *after);
  EXPECT_NE(*before, *between);
  EXPECT_TRUE(session.tokens().empty());
}

TEST(ModelEmbed, TakesTextsAsLongAsTheContextWhateverTheBatch) {
  const Model model = open(golden_dir() / "models/bert-mean.gguf", "cpu");
  Session small = start(model, 40, 1), large = start(model, 64, 64);
  const std::vector<TokenId> text(40, 9);
  const auto a = small.embed(text), b = large.embed(text);
  ASSERT_TRUE(a) << a.error().text();
  ASSERT_TRUE(b);
  EXPECT_EQ(*a, *b);
  EXPECT_EQ(small.embed(std::vector<TokenId>(41, 9)).error().code, ErrorCode::out_of_range);
}

TEST(ModelEmbed, RefusesWhatIsWrong) {
  const Model model = open(golden_dir() / "models/bert-mean.gguf", "cpu");
  Session session = start(model, 32, 8);
  EXPECT_EQ(session.embed({}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(session.embed(std::vector<TokenId>{1, -1}).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(session.embed(std::vector<TokenId>{static_cast<TokenId>(model.info().vocabulary)}).error().code,
            ErrorCode::out_of_range);
  EXPECT_EQ(session.evaluate(std::vector<TokenId>{1}).error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(session.generate("hello", {}, {}).error().code, ErrorCode::failed_precondition);
  Session generative = start(open(golden_dir() / "models/llama-gqa.gguf", "cpu"), 32, 8);
  EXPECT_EQ(generative.embed(std::vector<TokenId>{1}).error().code, ErrorCode::failed_precondition);
  task::StopSource stop;
  stop.request_stop();
  EXPECT_EQ(session.embed(std::vector<TokenId>{1, 2}, stop.get_token()).error().code, ErrorCode::cancelled);
  EXPECT_EQ(Session::create(model, {.context = model.info().context_length + 1}).error().code, ErrorCode::invalid_argument)
      << "there are no positions beyond the learned ones";
}

}  // namespace
}  // namespace libabi::llm::test
