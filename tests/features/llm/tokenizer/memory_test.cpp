/// What a tokenizer holds, and what it does when there is no more memory.

#include "features/llm/gguf/counted_memory.hpp"
#include "vocabularies.hpp"

#include <gtest/gtest.h>

namespace libabi::llm {
namespace {

using namespace testing_vocabulary;

Words large(std::string_view model) {
  Words words = model == "llama" ? llama_base() : model == "bert" ? bert_base() : gpt2_base("qwen2");
  std::vector<std::string> pieces;
  for (int i = 0; i < 20'000; ++i) {
    const std::string left = std::string("x").append(std::to_string(i));
    words.add(left, i % 100 == 0 ? TokenType::control : TokenType::normal, -static_cast<float>(i));
    if (i % 2) continue;
    words.add(left + "a");
    words.merge(left, "a");
  }
  if (!words.source.has_scores) words.source.scores.clear();
  if (!words.source.has_merges) words.source.merges.clear();
  return words;
}

class EveryFamilysMemory : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryFamilysMemory, IsWhatItSays) {
  const Words words = large(GetParam());
  const auto before = counted::live_bytes();
  const auto tokenizer = words.build();
  ASSERT_TRUE(tokenizer) << tokenizer.error().text();
  const auto held = static_cast<double>(counted::live_bytes() - before);
  EXPECT_NEAR(static_cast<double>(tokenizer->memory_bytes()), held, 0.02 * held);
}

TEST_P(EveryFamilysMemory, IsGivenBackWholeAfterEachCall) {
  const auto tokenizer = large(GetParam()).build().value();
  const auto before = counted::live_bytes();
  for (int i = 0; i < 3; ++i) {
    const auto ids = tokenizer.tokenize(std::string(3000, 'x') + " x1a x2a").value();
    ASSERT_FALSE(tokenizer.detokenize(ids, true).value().empty());
  }
  EXPECT_EQ(counted::live_bytes(), before);
}

/// Makes allocation 0, 1, 2... of `call` fail until it succeeds; each failure comes out as exhausted.
template <class Call>
void expect_every_failure_reported(Call&& call) {
  const auto before = counted::live_bytes();
  for (std::uint64_t number = 0; number < 10'000; ++number) {
    bool hit = false;
    ErrorCode code = ErrorCode::ok;
    {
      const counted::Failure failure(number);
      const auto result = call();
      hit = failure.hit();
      if (!result) code = result.error().code;
    }
    ASSERT_EQ(counted::live_bytes(), before) << number;
    if (!hit) {
      ASSERT_EQ(code, ErrorCode::ok);
      return;
    }
    ASSERT_EQ(code, ErrorCode::exhausted) << number;
  }
  FAIL() << "too many allocations";
}

TEST_P(EveryFamilysMemory, RunningOutIsAnError) {
  Words words = GetParam() == "llama" ? llama_base() : GetParam() == "bert" ? bert_base() : gpt2_base("llama-bpe");
  words.add("<x>", TokenType::control);
  if (!words.source.has_scores) words.source.scores.clear();
  const auto tokenizer = words.build().value();
  const std::string text = "some words, 12 of <x> them \xC3\xA9\xE5\xA5\xBD" + std::string(600, 'y');
  const auto ids = tokenizer.tokenize(text, {.add_special = true, .parse_special = true}).value();
  expect_every_failure_reported([&] { return tokenizer.tokenize(text, {.add_special = true, .parse_special = true}); });
  expect_every_failure_reported([&] { return tokenizer.detokenize(ids, true); });
  expect_every_failure_reported([&] { return words.build(); });
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryFamilysMemory, testing::ValuesIn(tokenizer_models().begin(), tokenizer_models().end()),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace libabi::llm
