// The same tokens give the same bits: at every batch size, thread count and state of the cache.

#include "features/llm/model/golden.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace libabi::llm::test {
namespace {

/// Whether all rows are equal to the bit; the first that is not is named.
void expect_same_bits(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(float)), 0) << "row " << i;
}

std::vector<GoldenCase> cases() {
  std::vector<GoldenCase> out = golden_cases("logits", "models");
  std::erase_if(out, [](const GoldenCase& each) { return each.kind != "logits"; });
  for (GoldenCase& each : golden_cases("quantlogits", "quantmodels"))
    if (each.name.ends_with(".exact")) out.push_back(std::move(each));
  return out;
}

TEST(ModelInvariance, BatchSizeChangesNoBit) {
  for (const GoldenCase& golden : cases()) {
    SCOPED_TRACE(golden.name);
    const Model model = open(golden.model, "cpu");
    Session whole = start(model, 64, 64);
    const auto expected = all_rows(whole, golden, golden.prompt.size());
    for (const std::size_t batch : {1u, 2u, 3u, 7u, 16u}) {
      SCOPED_TRACE("batch " + std::to_string(batch));
      Session session = start(model, 64, static_cast<std::int64_t>(batch));
      expect_same_bits(all_rows(session, golden, batch), expected);
    }
  }
}

TEST(ModelInvariance, ThreadCountChangesNoBit) {
  for (const GoldenCase& golden : cases()) {
    SCOPED_TRACE(golden.name);
    Session one = start(open(golden.model, "cpu", 1), 64, 64);
    const auto expected = all_rows(one, golden, golden.prompt.size());
    for (const unsigned threads : {2u, 3u}) {
      SCOPED_TRACE(std::to_string(threads) + " threads");
      Session session = start(open(golden.model, "cpu", threads), 64, 64);
      expect_same_bits(all_rows(session, golden, golden.prompt.size()), expected);
    }
  }
}

TEST(ModelInvariance, EvaluatingAgainAfterTruncateChangesNoBit) {
  for (const GoldenCase& golden : cases()) {
    SCOPED_TRACE(golden.name);
    const Model model = open(golden.model, "cpu");
    Session session = start(model, 64, 64);
    const auto expected = all_rows(session, golden, golden.prompt.size());
    for (const std::size_t keep : {0u, 1u, 5u, 23u}) {
      SCOPED_TRACE("kept " + std::to_string(keep));
      // Other tokens stand in the cells that are used again.
      ASSERT_TRUE(session.truncate(static_cast<std::int64_t>(keep)));
      ASSERT_TRUE(session.evaluate(std::vector<TokenId>(20, 7)));
      ASSERT_TRUE(session.truncate(static_cast<std::int64_t>(keep)));
      GoldenCase rest = golden;
      rest.prompt.erase(rest.prompt.begin(), rest.prompt.begin() + static_cast<std::ptrdiff_t>(keep));
      const std::vector<std::vector<float>> tail(expected.begin() + static_cast<std::ptrdiff_t>(keep), expected.end());
      expect_same_bits(all_rows(session, rest, rest.prompt.size()), tail);
    }
  }
}

TEST(ModelInvariance, SizeOfContextAndOutputsChangesNoBit) {
  const GoldenCase golden = cases().front();
  const Model model = open(golden.model, "cpu");
  Session small = start(model, 40, 24);
  const auto expected = all_rows(small, golden, golden.prompt.size());
  Session large = start(model, 250, 200);
  expect_same_bits(all_rows(large, golden, golden.prompt.size()), expected);
  // One output: the last row of the prompt alone.
  auto one = Session::create(model, {.context = 64, .cache_k = quant::FormatId::f32, .cache_v = quant::FormatId::f32});
  ASSERT_TRUE(one);
  const auto last = one->evaluate(golden.prompt);
  ASSERT_TRUE(last) << last.error().text();
  expect_same_bits({{last->begin(), last->end()}}, {expected[golden.prompt.size() - 1]});
}

}  // namespace
}  // namespace libabi::llm::test
