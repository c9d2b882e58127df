#include <abi/llm/sampler.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <set>

namespace libabi::llm {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

SamplingOptions neutral() { return {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .typical_p = 1}; }

Sampler make(const SamplingOptions& options) { return Sampler::create(options).value(); }

/// Logits of a vocabulary like a model's: a few likely tokens, a long tail.
std::vector<float> model_like(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> logits(n);
  for (float& each : logits) {
    const double u = (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
    each = static_cast<float>(-2.5 * std::log(-std::log(u)));
  }
  return logits;
}

std::vector<TokenId> draw(Sampler& sampler, std::span<const float> logits, int count) {
  std::vector<TokenId> out;
  for (int i = 0; i < count; ++i) {
    const auto sampled = sampler.sample(logits);
    if (!sampled) {
      ADD_FAILURE() << sampled.error().text();
      break;
    }
    out.push_back(sampled->id);
    sampler.accept(sampled->id);
  }
  return out;
}

TEST(Sampler, TemperatureZeroTakesTheBestAndTheFirstOfEquals) {
  auto sampler = make({.temperature = 0});
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 2, 3})->id, 1);
  EXPECT_EQ(sampler.sample(std::vector<float>{-7})->id, 0);
}

TEST(Sampler, GreedyChoiceSeesBiasAndPenalties) {
  SamplingOptions options{.temperature = 0, .logit_bias = {{1, -infinity}, {0, 0.5f}}};
  EXPECT_EQ(make(options).sample(std::vector<float>{1, 9, 1.25f})->id, 0);
  options = {.temperature = 0, .repeat_penalty = 2};
  auto sampler = make(options);
  sampler.accept(1);
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 2})->id, 2);
}

TEST(Sampler, SameSeedGivesTheSameTokensAndResetBeginsAgain) {
  const auto logits = model_like(500, 1);
  const SamplingOptions options{.frequency_penalty = 0.1f, .seed = 42};
  auto first = make(options), second = make(options);
  const auto tokens = draw(first, logits, 50);
  EXPECT_EQ(draw(second, logits, 50), tokens);
  first.reset();
  EXPECT_EQ(draw(first, logits, 50), tokens);
  auto other = make({.frequency_penalty = 0.1f, .seed = 43});
  EXPECT_NE(draw(other, logits, 50), tokens);
}

// These tokens are the promise that a seed gives the same text on every machine and with every compiler. They were computed
// apart from this program, in Python from the published formulas.
TEST(Sampler, StreamOfASeedIsPinned) {
  std::vector<float> logits(32);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(static_cast<int>(i * 37 % 32) - 16) / 5;
  auto chain = make({.seed = 1234});
  const std::vector<TokenId> pinned_chain{19, 19, 5, 19, 12, 6, 5, 31, 19, 18, 6, 5, 12, 6, 19, 19, 12, 6, 6, 18, 24, 6, 12, 17};
  EXPECT_EQ(draw(chain, logits, 24), pinned_chain);
  SamplingOptions options = neutral();
  options.typical_p = 0.9f;
  options.presence_penalty = 0.5f;
  options.seed = 0xffffffffffffffff;
  auto plain = make(options);
  const std::vector<TokenId> pinned_plain{19, 24, 12, 5, 25, 5, 18, 25, 19, 30, 11, 12,
                                          5,  19, 6,  5, 17, 5, 31, 19, 12, 25, 5,  19};
  EXPECT_EQ(draw(plain, logits, 24), pinned_plain);
}

TEST(Sampler, DrawsByProbability) {
  const char* given = std::getenv("ABI_SEED");
  const auto seed = given ? std::strtoull(given, nullptr, 10) : 20260103ull;
  SCOPED_TRACE("ABI_SEED=" + std::to_string(seed));
  const std::vector<float> logits{0, 1, -1, 2, 0.5f, -3, 1.5f, 0.25f};
  double sum = 0;
  for (const float each : logits) sum += std::exp(each);
  SamplingOptions options = neutral();
  options.seed = seed;
  auto sampler = make(options);
  constexpr int draws = 200000;
  std::map<TokenId, int> counts;
  for (const TokenId id : draw(sampler, logits, draws)) ++counts[id];
  double chi_square = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double expected = draws * std::exp(logits[i]) / sum;
    chi_square += std::pow(counts[static_cast<TokenId>(i)] - expected, 2) / expected;
  }
  EXPECT_LT(chi_square, 24.3);  // 7 degrees of freedom: passed by chance once in a thousand
  EXPECT_GT(chi_square, 0.3);   // and less is as rare: too even is not random either
}

TEST(Sampler, NeverDrawsWhatWasCutOff) {
  const auto logits = model_like(300, 2);
  std::vector<TokenId> order(logits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<TokenId>(i);
  std::ranges::sort(order, std::greater<>(), [&](TokenId id) { return logits[static_cast<std::size_t>(id)]; });
  SamplingOptions options = neutral();
  options.top_k = 5;
  options.temperature = 5;
  auto sampler = make(options);
  std::set<TokenId> seen;
  for (const TokenId id : draw(sampler, logits, 2000)) seen.insert(id);
  EXPECT_EQ(seen, std::set<TokenId>(order.begin(), order.begin() + 5));
}

TEST(Sampler, CutsOfAVocabularyAreThoseOfSortingIt) {
  const auto logits = model_like(20000, 3);
  std::vector<Candidate> all;
  for (const float each : logits) all.push_back({static_cast<TokenId>(all.size()), each, 0});
  std::vector<Candidate> sorted = all;
  std::ranges::sort(sorted, std::greater<>(), &Candidate::logit);
  double sum = 0;
  for (const Candidate& each : sorted) sum += std::exp(static_cast<double>(each.logit));
  for (const float p : {0.1f, 0.5f, 0.9f, 0.99f, 0.9999f}) {
    SamplingOptions options = neutral();
    options.top_p = p;
    auto cut = all;
    ASSERT_TRUE(apply_sampler("top_p", options, {}, cut));
    double running = 0;
    std::size_t count = 0;
    while (running < p) running += std::exp(static_cast<double>(sorted[count++].logit)) / sum;
    ASSERT_EQ(cut.size(), count) << p;
    const float least = sorted[count - 1].logit;
    for (const Candidate& each : cut) ASSERT_GE(each.logit, least);
    EXPECT_TRUE(std::ranges::is_sorted(cut, {}, &Candidate::id)) << "the order stays that of the ids";
  }
}

TEST(Sampler, MinKeepHoldsAgainstEveryCut) {
  std::vector<Candidate> all{{0, 100, 0}, {1, 1, 0}, {2, 2, 0}, {3, 3, 0}};
  SamplingOptions options{.top_k = 1, .top_p = 0, .min_p = 1, .typical_p = 0, .min_keep = 3};
  for (const std::string_view name : {"top_k", "typical", "top_p", "min_p"}) {
    auto cut = all;
    ASSERT_TRUE(apply_sampler(name, options, {}, cut)) << name;
    std::set<TokenId> ids;
    for (const Candidate& each : cut) ids.insert(each.id);
    EXPECT_EQ(ids, (std::set<TokenId>{0, 2, 3})) << name;
  }
  options.min_keep = 9;
  for (const std::string_view name : {"top_k", "typical", "top_p", "min_p"}) {
    auto cut = all;
    ASSERT_TRUE(apply_sampler(name, options, {}, cut)) << name;
    EXPECT_EQ(cut.size(), 4u) << name;
  }
}

TEST(Sampler, PenaltiesLookAtTheLastTokensOnly) {
  SamplingOptions options = neutral();
  options.presence_penalty = 1;
  options.penalty_last_n = 2;
  std::vector<Candidate> candidates{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}};
  ASSERT_TRUE(apply_sampler("penalties", options, std::vector<TokenId>{0, 1, 1, 77}, candidates));
  EXPECT_EQ(candidates[0].logit, 0);
  EXPECT_EQ(candidates[1].logit, -1);
  options.penalty_last_n = -1;
  options.frequency_penalty = 0.25f;
  candidates = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}};
  ASSERT_TRUE(apply_sampler("penalties", options, std::vector<TokenId>{0, 1, 1, 77}, candidates));
  EXPECT_EQ(candidates[0].logit, -1.25f);
  EXPECT_EQ(candidates[1].logit, -1.5f);
  EXPECT_EQ(candidates[2].logit, 0);
}

TEST(Sampler, LogProbabilitiesAreTheModelsOwnWhateverTheSamplersDo) {
  const std::vector<float> logits{0, 1, 2, 3};
  const double log_sum = std::log(std::exp(0.) + std::exp(1.) + std::exp(2.) + std::exp(3.));
  auto sampler = make({.temperature = 0.1f, .top_k = 1, .logit_bias = {{0, 100}}, .log_probabilities = 2});
  const auto sampled = sampler.sample(logits);
  ASSERT_TRUE(sampled) << sampled.error().text();
  EXPECT_EQ(sampled->id, 0);
  EXPECT_NEAR(sampled->log_probability, -log_sum, 1e-6);
  ASSERT_EQ(sampled->top.size(), 2u);
  EXPECT_EQ(sampled->top[0].id, 3);
  EXPECT_NEAR(sampled->top[0].log_probability, 3 - log_sum, 1e-6);
  EXPECT_EQ(sampled->top[1].id, 2);
  EXPECT_TRUE(make({.log_probabilities = 0}).sample(logits)->top.empty());
  EXPECT_NE(make({.log_probabilities = 0}).sample(logits)->log_probability, 0);
  EXPECT_EQ(make({.log_probabilities = 9}).sample(logits)->top.size(), 4u);
}

TEST(Sampler, LogitsThatAreNotFiniteAreAnErrorThatNamesTheFirst) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
    std::vector<float> logits(10, 0.5f);
    logits[7] = bad;
    logits[9] = bad;
    auto sampler = make({});
    const auto sampled = sampler.sample(logits);
    ASSERT_FALSE(sampled);
    EXPECT_EQ(sampled.error().code, ErrorCode::failed_precondition);
    EXPECT_NE(sampled.error().message.find("token 7"), std::string::npos) << sampled.error().text();
  }
}

TEST(Sampler, ForbiddingEveryTokenIsAnErrorForEveryChain) {
  SamplingOptions options{.logit_bias = {{0, -infinity}, {1, -infinity}}};
  for (const float temperature : {0.0f, 0.8f})
    for (const float typical : {0.5f, 1.0f})
      for (const std::int32_t top_k : {0, 1}) {
        options.temperature = temperature;
        options.typical_p = typical;
        options.top_k = top_k;
        auto sampler = make(options);
        const auto sampled = sampler.sample(std::vector<float>{1, 2});
        ASSERT_FALSE(sampled);
        EXPECT_EQ(sampled.error().code, ErrorCode::failed_precondition) << sampled.error().text();
      }
  options.logit_bias.pop_back();
  options.temperature = 2;
  auto sampler = make(options);
  EXPECT_EQ(draw(sampler, std::vector<float>{50, -50}, 20), std::vector<TokenId>(20, 1));
}

TEST(Sampler, LogitsThatASamplerTakesOutOfRangeAreAnErrorNotAToken) {
  auto sampler = make({.temperature = 1e-30f});
  const auto sampled = sampler.sample(std::vector<float>{1e20f, 2e20f});
  ASSERT_FALSE(sampled);
  EXPECT_EQ(sampled.error().code, ErrorCode::failed_precondition);
}

TEST(Sampler, RefusesOptionsOutOfRangeByName) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::pair<std::string, SamplingOptions>> cases{{"temperature", {.temperature = -1}},
                                                                   {"temperature", {.temperature = nan}},
                                                                   {"temperature", {.temperature = infinity}},
                                                                   {"top_k", {.top_k = -1}},
                                                                   {"top_p", {.top_p = 1.5f}},
                                                                   {"top_p", {.top_p = nan}},
                                                                   {"min_p", {.min_p = -0.1f}},
                                                                   {"typical_p", {.typical_p = 2}},
                                                                   {"min_keep", {.min_keep = -1}},
                                                                   {"penalty_last_n", {.penalty_last_n = -2}},
                                                                   {"repeat_penalty", {.repeat_penalty = 0}},
                                                                   {"repeat_penalty", {.repeat_penalty = nan}},
                                                                   {"frequency", {.frequency_penalty = nan}},
                                                                   {"presence", {.presence_penalty = infinity}},
                                                                   {"log_probabilities", {.log_probabilities = -2}},
                                                                   {"bias", {.logit_bias = {{3, nan}}}},
                                                                   {"bias", {.logit_bias = {{3, infinity}}}},
                                                                   {"bias", {.logit_bias = {{-3, 1}}}}};
  for (const auto& [name, options] : cases) {
    const auto sampler = Sampler::create(options);
    ASSERT_FALSE(sampler) << name;
    EXPECT_EQ(sampler.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(sampler.error().message.find(name), std::string::npos) << sampler.error().text();
    std::vector<Candidate> candidates{{0, 0, 0}};
    EXPECT_FALSE(apply_sampler("top_k", options, {}, candidates));
  }
}

TEST(Sampler, RefusesABiasOutsideTheVocabularyAndNoLogits) {
  auto sampler = make({.logit_bias = {{2, 1}}});
  EXPECT_EQ(sampler.sample(std::vector<float>{1, 2}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(sampler.sample({}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(sampler.sample(std::vector<float>{1, 2, 3}));
}

TEST(Sampler, UnknownNameIsNotFoundAndNamesTheKnown) {
  std::vector<Candidate> candidates{{0, 0, 0}};
  const auto applied = apply_sampler("top_x", {}, {}, candidates);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::not_found);
  for (const std::string_view name : samplers()) EXPECT_NE(applied.error().message.find(name), std::string::npos) << name;
}

TEST(Sampler, EveryMemberAcceptsOneCandidateAndNone) {
  SamplingOptions options{
      .top_k = 3, .top_p = 0.5f, .min_p = 0.5f, .typical_p = 0.5f, .repeat_penalty = 2, .logit_bias = {{0, 1}}};
  for (const float temperature : {0.0f, 0.7f})
    for (const std::string_view name : samplers()) {
      options.temperature = temperature;
      std::vector<Candidate> none, one{{4, 0.5f, 0}};
      EXPECT_TRUE(apply_sampler(name, options, {}, none)) << name;
      EXPECT_TRUE(none.empty());
      ASSERT_TRUE(apply_sampler(name, options, {}, one)) << name;
      ASSERT_EQ(one.size(), 1u) << name;
      EXPECT_EQ(one[0].id, 4);
    }
}

}  // namespace
}  // namespace libabi::llm
