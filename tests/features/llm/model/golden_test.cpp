// Every reference model gives the reference's logits, on every device.

#include "features/llm/model/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace libabi::llm::test {
namespace {

double farthest(std::span<const float> a, std::span<const float> b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    if (!(difference <= most)) most = difference;  // a NaN stays
  }
  return most;
}

void expect_golden(const GoldenCase& golden, const std::string& device) {
  SCOPED_TRACE(golden.name + " on " + device);
  const Model model = open(golden.model, device);
  const auto prompt = static_cast<std::int64_t>(golden.prompt.size());
  Session session = start(model, prompt + 16, prompt);
  const auto rows = all_rows(session, golden, golden.prompt.size());
  double most = 0;
  for (std::size_t i = 0; i < golden.rows.size(); ++i) most = std::max(most, farthest(rows.at(golden.rows[i]), golden.row(i)));
  testing::Test::RecordProperty(golden.name + "_" + device, std::to_string(most));
  EXPECT_LE(most, tolerance(golden));
  for (std::size_t i = 0; i < golden.greedy.size(); ++i) {
    if (golden.margins[i] < 2 * tolerance(golden)) continue;
    const auto& row = rows.at(golden.prompt.size() - 1 + i);
    EXPECT_EQ(std::ranges::max_element(row) - row.begin(), golden.greedy[i]) << "greedy token " << i;
  }
}

TEST(ModelGolden, LogitsAreTheReferencesOnEveryDevice) {
  int cases = 0;
  for (const GoldenCase& golden : golden_cases("logits", "models")) {
    if (golden.kind != "logits") continue;
    for (const std::string& device : devices()) expect_golden(golden, device);
    ++cases;
  }
  EXPECT_EQ(cases, 11);
}

TEST(ModelGolden, LogitsOfLongPromptsAreTheReferences) {
  int cases = 0;
  for (const GoldenCase& golden : golden_cases("long", "models")) {
    for (const std::string& device : devices()) expect_golden(golden, device);
    ++cases;
  }
  EXPECT_EQ(cases, 2);
}

TEST(ModelGolden, EmbeddingsAreTheReferencesOnEveryDevice) {
  int cases = 0;
  for (const GoldenCase& golden : golden_cases("logits", "models")) {
    if (golden.kind != "embedding") continue;
    ++cases;
    for (const std::string& device : devices()) {
      SCOPED_TRACE(golden.name + " on " + device);
      const Model model = open(golden.model, device);
      Session session = start(model, 64, 64);
      const auto embedding = session.embed(golden.prompt);
      ASSERT_TRUE(embedding) << embedding.error().text();
      ASSERT_EQ(embedding->size(), golden.columns);
      EXPECT_LE(farthest(*embedding, golden.row(0)), tolerance(golden));
    }
  }
  EXPECT_EQ(cases, 3);
}

TEST(ModelGolden, EveryArchitectureHasAReferenceCase) {
  std::set<std::string> covered;
  for (const GoldenCase& golden : golden_cases("logits", "models")) covered.insert(golden.architecture);
  for (const std::string_view name : architectures())
    EXPECT_TRUE(covered.contains(std::string(name)))
        << "arch.def has '" << name << "', tests/data/golden/llm/logits has no case of it";
}

}  // namespace
}  // namespace libabi::llm::test
