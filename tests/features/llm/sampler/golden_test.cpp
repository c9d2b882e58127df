// Candidates after each sampler, as the reference implementation leaves them (tests/data/golden/llm/samplers.json).

#include <abi/llm/sampler.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>

namespace libabi::llm {
namespace {

using Json = nlohmann::json;

const Json& reference() {
  static const Json file = [] {
    std::ifstream in(ABI_SOURCE_DIR "/tests/data/golden/llm/samplers.json");
    return Json::parse(in);
  }();
  return file;
}

float number(const Json& value) {
  if (value.is_string())
    return value == "-inf" ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return value.get<float>();
}

std::vector<Candidate> all_candidates(const Json& logits) {
  std::vector<Candidate> candidates;
  for (const Json& each : logits) candidates.push_back({static_cast<TokenId>(candidates.size()), each.get<float>(), 0});
  return candidates;
}

SamplingOptions neutral() { return {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .typical_p = 1, .penalty_last_n = 0}; }

/// The reference's name of a sampler and its parameters, as ours; an empty name where the issue leaves the sampler to others.
std::string_view translate(const std::string& sampler, const Json& params, SamplingOptions& o) {
  o.min_keep = params.value("min_keep", 1);
  if (sampler == "top_k") return o.top_k = params["k"], "top_k";
  if (sampler == "top_p") return o.top_p = params["p"], "top_p";
  if (sampler == "min_p") return o.min_p = params["p"], "min_p";
  if (sampler == "typical") return o.typical_p = params["p"], "typical";
  if (sampler == "temp") return o.temperature = params["t"], "temperature";
  if (sampler == "logit_bias") {
    for (const Json& each : params["bias"]) o.logit_bias.push_back({each[0], number(each[1])});
    return "logit_bias";
  }
  if (sampler == "penalties") {
    o.penalty_last_n = params["last_n"];
    o.repeat_penalty = params["repeat"];
    o.frequency_penalty = params["freq"];
    o.presence_penalty = params["present"];
    return "penalties";
  }
  return {};
}

/// The reference's p is the softmax of the logits that are left.
void expect_same(const std::vector<Candidate>& found, const Json& expected) {
  std::map<TokenId, Candidate> by_id;
  double sum = 0;
  for (const Candidate& each : found) {
    EXPECT_TRUE(by_id.emplace(each.id, each).second) << "token " << each.id << " is there twice";
    sum += std::exp(static_cast<double>(each.logit));
  }
  EXPECT_EQ(found.size(), expected.size());
  for (const Json& each : expected) {
    const auto ours = by_id.find(each[0].get<TokenId>());
    if (ours == by_id.end()) {
      ADD_FAILURE() << "token " << each[0] << " is missing";
      continue;
    }
    const float logit = number(each[1]);
    if (std::isinf(logit)) {
      EXPECT_EQ(ours->second.logit, logit) << "token " << each[0];
    } else {
      EXPECT_NEAR(ours->second.logit, logit, 1e-5) << "token " << each[0];
    }
    EXPECT_NEAR(std::exp(static_cast<double>(ours->second.logit)) / sum, number(each[2]), 1e-5) << "token " << each[0];
  }
}

TEST(SamplerGolden, EverySamplerLeavesTheReferencesCandidates) {
  std::map<std::string_view, int> cases;
  for (const Json& each : reference()["cases"]) {
    const auto sampler = each["sampler"].get<std::string>();
    SamplingOptions options = neutral();
    const std::string_view ours = translate(sampler, each["params"], options);
    if (ours.empty()) continue;
    SCOPED_TRACE(sampler + " " + each["params"].dump() + " of logits " + each["logits"].dump());
    auto candidates = all_candidates(reference()["logits"][each["logits"].get<std::size_t>()]);
    const auto history = each["history"].get<std::vector<TokenId>>();
    const auto applied = apply_sampler(ours, options, history, candidates);
    ASSERT_TRUE(applied) << applied.error().text();
    expect_same(candidates, each["candidates"]);
    ++cases[ours];
  }
  const std::map<std::string_view, int> expected{{"logit_bias", 3}, {"penalties", 15}, {"top_k", 15},      {"typical", 24},
                                                 {"top_p", 30},     {"min_p", 30},     {"temperature", 15}};
  EXPECT_EQ(cases, expected);
  for (const std::string_view name : samplers())
    EXPECT_TRUE(cases.contains(name) || name == "greedy" || name == "dist") << name << " has no reference case";
}

TEST(SamplerGolden, ChainLeavesTheReferencesCandidates) {
  int cases = 0;
  for (const Json& each : reference()["cases"]) {
    if (each["sampler"] != "chain:top_k,typical,top_p,min_p,temp") continue;
    const Json& params = each["params"];
    SamplingOptions options = neutral();
    options.top_k = params["top_k"];
    options.typical_p = params["typical"];
    options.top_p = params["top_p"];
    options.min_p = params["min_p"];
    options.temperature = params["temp"];
    auto candidates = all_candidates(reference()["logits"][each["logits"].get<std::size_t>()]);
    for (const std::string_view name : samplers()) {
      if (name == "dist") continue;
      ASSERT_TRUE(apply_sampler(name, options, {}, candidates)) << name;
    }
    expect_same(candidates, each["candidates"]);
    ++cases;
  }
  EXPECT_EQ(cases, 3);
}

TEST(SamplerGolden, LogProbabilitiesAreTheReferencesSoftmax) {
  int cases = 0;
  for (const Json& each : reference()["cases"]) {
    if (each["sampler"] != "softmax") continue;
    const auto logits = reference()["logits"][each["logits"].get<std::size_t>()].get<std::vector<float>>();
    auto sampler = Sampler::create({.temperature = 0, .log_probabilities = 64});
    ASSERT_TRUE(sampler);
    const auto sampled = sampler->sample(logits);
    ASSERT_TRUE(sampled) << sampled.error().text();
    ASSERT_EQ(sampled->top.size(), 64u);
    EXPECT_EQ(sampled->id, each["candidates"][0][0].get<TokenId>());
    EXPECT_EQ(sampled->log_probability, sampled->top[0].log_probability);
    for (std::size_t i = 0; i < 64; ++i) {
      EXPECT_EQ(sampled->top[i].id, each["candidates"][i][0].get<TokenId>());
      const float p = number(each["candidates"][i][2]);
      EXPECT_NEAR(std::exp(sampled->top[i].log_probability), p, 1e-5);
      EXPECT_NEAR(sampled->top[i].log_probability, std::log(p), 1e-4);
    }
    ++cases;
  }
  EXPECT_EQ(cases, 3);
}

}  // namespace
}  // namespace libabi::llm
