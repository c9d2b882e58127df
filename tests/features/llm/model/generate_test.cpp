// From text to text, with the bundled model.

#include "features/llm/model/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace libabi::llm::test {
namespace {

const Model& stories() {
  static const Model model = open(ABI_SOURCE_DIR "/models/stories.gguf", "cpu", 2);
  return model;
}

Session fresh(std::int64_t context = 256) { return Session::create(stories(), {.context = context}).value(); }

struct Told {
  std::string text;
  std::vector<TokenId> ids;
  Generation generation;
};

Told tell(Session& session, std::string_view prompt, const GenerateOptions& options) {
  Told told;
  const auto generated = session.generate(prompt, options, [&](const Token& token) {
    told.text += token.text;
    told.ids.push_back(token.id);
    return true;
  });
  if (!generated) throw std::runtime_error(generated.error().text());
  told.generation = *generated;
  return told;
}

const SamplingOptions greedy{.temperature = 0};

TEST(Generate, GreedyTextIsTheSameEveryTime) {
  Session first = fresh(), second = fresh();
  const Told a = tell(first, "Once upon a time", {.max_tokens = 60, .sampling = greedy});
  const Told b = tell(second, "Once upon a time", {.max_tokens = 60, .sampling = greedy});
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_GT(a.text.size(), 40u);
  EXPECT_EQ(a.generation.generated_tokens, static_cast<std::int64_t>(a.ids.size()));
  EXPECT_EQ(a.generation.prompt_tokens, static_cast<std::int64_t>(stories().tokenizer().tokenize("Once upon a time")->size()));
  EXPECT_GT(a.generation.prompt_time.count(), 0);
  EXPECT_GT(a.generation.generation_time.count(), 0);
  // Continuing from the first half gives the second half.
  Session half = fresh();
  const Told c = tell(half, "Once upon a time", {.max_tokens = 30, .sampling = greedy});
  EXPECT_EQ(c.text, a.text.substr(0, c.text.size()));
  EXPECT_EQ(c.generation.reason, FinishReason::length);
}

TEST(Generate, TextIsThatOfTheTokens) {
  Session session = fresh();
  const Told told = tell(session, "The cat", {.max_tokens = 40, .sampling = {.seed = 5}});
  std::string pieces;
  for (const TokenId id : told.ids) pieces += stories().tokenizer().piece(id).value();
  EXPECT_EQ(told.text, pieces);
}

TEST(Generate, SeedDecidesTheText) {
  Session a = fresh(), b = fresh(), c = fresh();
  const GenerateOptions one{.max_tokens = 40, .sampling = {.temperature = 1.5f, .seed = 1}};
  GenerateOptions two = one;
  two.sampling.seed = 2;
  const std::string text = tell(a, "Once", one).text;
  EXPECT_EQ(tell(b, "Once", one).text, text);
  EXPECT_NE(tell(c, "Once", two).text, text);
}

TEST(Generate, StopStringsAreHeldBackAndNotShown) {
  Session session = fresh();
  const std::string whole = tell(session, "Once upon a time", {.max_tokens = 60, .sampling = greedy}).text;
  // Stops that begin and end inside words and tokens.
  for (const std::size_t at : {7u, 12u, 23u}) {
    const std::string stop = whole.substr(at, 9);
    const std::size_t first = whole.find(stop);
    Session stopped = fresh();
    std::string shown;
    const auto generated = stopped.generate("Once upon a time", {.max_tokens = 60, .sampling = greedy, .stop = {"never", stop}},
                                            [&](const Token& token) {
                                              shown += token.text;
                                              EXPECT_EQ(shown, whole.substr(0, shown.size()));
                                              EXPECT_LE(shown.size(), first) << "text that belongs to the stop was shown";
                                              return true;
                                            });
    ASSERT_TRUE(generated) << generated.error().text();
    EXPECT_EQ(generated->reason, FinishReason::stop);
    EXPECT_EQ(shown, whole.substr(0, first));
  }
  // What only began to be a stop is shown in the end.
  Session begun = fresh();
  EXPECT_EQ(
      tell(begun, "Once upon a time", {.max_tokens = 60, .sampling = greedy, .stop = {whole.substr(whole.size() - 5) + "\x01"}})
          .text,
      whole);
}

TEST(Generate, CallbackThatReturnsFalseEnds) {
  Session session = fresh();
  int tokens = 0;
  const auto generated = session.generate("Once upon a time", {.sampling = greedy}, [&](const Token&) { return ++tokens < 5; });
  ASSERT_TRUE(generated);
  EXPECT_EQ(generated->reason, FinishReason::caller);
  EXPECT_EQ(generated->generated_tokens, 5);
  EXPECT_EQ(session.generation().reason, FinishReason::caller);
}

TEST(Generate, EndsWithTheModelAndGoesOnWhenEndIsIgnored) {
  Session session = fresh(512);
  const Told told = tell(session, "Once upon a time", {.sampling = greedy});
  ASSERT_EQ(told.generation.reason, FinishReason::end) << told.text;
  EXPECT_TRUE(stories().tokenizer().is_end(told.ids.back()));
  Session further = fresh(512);
  const auto longer = static_cast<std::int64_t>(told.ids.size()) + 5;
  const Told more = tell(further, "Once upon a time", {.max_tokens = longer, .sampling = greedy, .ignore_end = true});
  EXPECT_EQ(more.generation.generated_tokens, longer);
  EXPECT_EQ(more.generation.reason, FinishReason::length);
}

TEST(Generate, EndsWhenTheContextIsFull) {
  Session session = fresh(20);
  const Told told = tell(session, "Once upon a time", {.sampling = greedy, .ignore_end = true});
  EXPECT_EQ(told.generation.reason, FinishReason::context);
  EXPECT_EQ(session.tokens().size(), 20u);
  EXPECT_EQ(told.generation.prompt_tokens + told.generation.generated_tokens, 21) << "the last is chosen, but has no place";
}

TEST(Generate, NoTokensMeansThePromptOnly) {
  Session session = fresh();
  const Told told = tell(session, "Once upon a time", {.max_tokens = 0, .sampling = greedy});
  EXPECT_TRUE(told.ids.empty());
  EXPECT_EQ(told.generation.reason, FinishReason::length);
  EXPECT_EQ(static_cast<std::int64_t>(session.tokens().size()), told.generation.prompt_tokens);
}

TEST(Generate, BeginningOfTextIsAddedOnlyToAnEmptySession) {
  Session session = fresh();
  tell(session, "Once", {.max_tokens = 0});
  tell(session, " upon a time", {.max_tokens = 0});
  const auto& tokenizer = stories().tokenizer();
  std::vector<TokenId> expected = tokenizer.tokenize("Once").value();
  const std::vector<TokenId> further = tokenizer.tokenize(" upon a time", {.add_special = false}).value();
  expected.insert(expected.end(), further.begin(), further.end());
  EXPECT_EQ(std::vector<TokenId>(session.tokens().begin(), session.tokens().end()), expected);
}

TEST(Generate, GeneratorYieldsTheSameTokensAsTheCallback) {
  const std::vector<SamplingOptions> kinds{greedy, {.seed = 11, .log_probabilities = 3}};
  for (const SamplingOptions& sampling : kinds) {
    Session session = fresh(), other = fresh();
    const GenerateOptions options{.max_tokens = 50, .sampling = sampling, .stop = {"qqq"}};
    const auto prompt = stories().tokenizer().tokenize("One day").value();
    std::vector<Token> expected;
    const auto generated = session.generate(prompt, options, [&](const Token& token) { return expected.push_back(token), true; });
    ASSERT_TRUE(generated);
    std::size_t i = 0;
    for (Result<Token>& token : other.generate(prompt, options)) {
      ASSERT_TRUE(token) << token.error().text();
      ASSERT_LT(i, expected.size());
      EXPECT_EQ(token->id, expected[i].id);
      EXPECT_EQ(token->text, expected[i].text);
      EXPECT_EQ(token->log_probability, expected[i].log_probability);
      EXPECT_EQ(token->top.size(), expected[i].top.size());
      ++i;
    }
    EXPECT_EQ(i, expected.size());
    EXPECT_EQ(other.generation().reason, generated->reason);
    EXPECT_EQ(other.generation().generated_tokens, generated->generated_tokens);
  }
}

TEST(Generate, GeneratorRunsNothingUntilAskedAndMayBeLeftInTheMiddle) {
  Session session = fresh();
  const auto prompt = stories().tokenizer().tokenize("One day").value();
  {
    auto tokens = session.generate(prompt, {.sampling = greedy});
    EXPECT_TRUE(session.tokens().empty());
    ASSERT_TRUE(tokens.pull().value());
    EXPECT_EQ(session.tokens().size(), prompt.size());
    ASSERT_TRUE(tokens.pull().value());
  }
  EXPECT_EQ(session.tokens().size(), prompt.size() + 1);
  ASSERT_TRUE(session.truncate(0));
  EXPECT_TRUE(session.evaluate(prompt));
}

TEST(Generate, GeneratorsErrorIsItsLastItem) {
  Session session = fresh();
  auto tokens = session.generate(std::vector<TokenId>{}, {});
  EXPECT_EQ(tokens.pull().error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(tokens.pull().value());
}

TEST(Generate, CancelTokenEndsItWithCancelled) {
  task::StopSource stop;
  Session session = fresh();
  int tokens = 0;
  const auto generated =
      session.generate("Once upon a time", {.sampling = greedy, .cancel = stop.get_token()}, [&](const Token&) {
        if (++tokens == 3) stop.request_stop();
        return true;
      });
  ASSERT_FALSE(generated);
  EXPECT_EQ(generated.error().code, ErrorCode::cancelled);
  EXPECT_EQ(tokens, 3);
  EXPECT_EQ(session.generation().generated_tokens, 3);
  Session other = fresh();
  EXPECT_EQ(other.generate("Once", {.cancel = stop.get_token()}, {}).error().code, ErrorCode::cancelled);
  EXPECT_TRUE(other.tokens().empty());
}

TEST(Generate, PrefillProgressThatReturnsFalseCancels) {
  auto session = Session::create(stories(), {.context = 64, .batch = 4});
  ASSERT_TRUE(session);
  std::vector<double> fractions;
  const auto generated = session->generate(std::vector<TokenId>(12, 5),
                                           {.prefill_progress = [&](double f) { return fractions.push_back(f), f < 0.5; }}, {});
  ASSERT_FALSE(generated);
  EXPECT_EQ(generated.error().code, ErrorCode::cancelled);
  EXPECT_EQ(fractions.size(), 2u);
}

TEST(Generate, RefusesWhatIsWrongBeforeAnythingIsEvaluated) {
  Session session = fresh(16);
  EXPECT_EQ(session.generate(std::vector<TokenId>{}, {}, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(session.generate(std::vector<TokenId>{-1}, {}, {}).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(session.generate(std::vector<TokenId>(17, 5), {}, {}).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(session.generate("a", {.max_tokens = -2}, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(session.generate("a", {.sampling = {.temperature = -1}}, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(session.tokens().empty());
}

TEST(Generate, LogProbabilitiesAreThoseOfTheLogits) {
  Session session = fresh(), other = fresh();
  const auto prompt = stories().tokenizer().tokenize("Once upon a").value();
  const auto logits = other.evaluate(prompt);
  ASSERT_TRUE(logits);
  double sum = 0;
  for (const float each : *logits) sum += std::exp(static_cast<double>(each));
  const auto generated = session.generate(
      prompt, {.max_tokens = 1, .sampling = {.temperature = 2, .log_probabilities = 2}}, [&](const Token& token) {
        EXPECT_NEAR(token.log_probability, (*logits)[static_cast<std::size_t>(token.id)] - std::log(sum), 1e-4);
        EXPECT_EQ(token.top.size(), 2u);
        return true;
      });
  EXPECT_TRUE(generated);
}

TEST(Generate, PenaltiesLookAtTheSessionAndThePrompt) {
  const std::vector<TokenId> before{40, 41, 42}, prompt{50, 51, 52};
  // A penalty this great leaves no token that was there; one below zero leaves no other.
  for (const float penalty : {1000.0f, -1000.0f}) {
    Session session = fresh();
    ASSERT_TRUE(session.evaluate(before));
    std::vector<TokenId> known = before;
    known.insert(known.end(), prompt.begin(), prompt.end());
    const GenerateOptions options{
        .max_tokens = 4, .sampling = {.temperature = 0, .presence_penalty = penalty}, .ignore_end = true};
    const auto generated = session.generate(prompt, options, [&](const Token& token) {
      EXPECT_EQ(std::ranges::count(known, token.id) > 0, penalty < 0) << token.id;
      known.push_back(token.id);
      return true;
    });
    ASSERT_TRUE(generated) << generated.error().text();
    EXPECT_EQ(generated->generated_tokens, 4);
  }
}

TEST(Generate, ReasonsHaveNames) {
  EXPECT_EQ(name(FinishReason::end), "end");
  EXPECT_EQ(name(FinishReason::caller), "caller");
  EXPECT_EQ(name(static_cast<FinishReason>(99)), "unknown");
}

}  // namespace
}  // namespace libabi::llm::test
