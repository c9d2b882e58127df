// A quantised model is no farther from its own weights run in float32 than the reference's quantised path is.

#include "features/llm/model/golden.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace libabi::llm::test {
namespace {

/// Rows that both references have for the same tokens: the prompt's, and the greedy steps until they chose differently.
std::size_t common_rows(const GoldenCase& a, const GoldenCase& b) {
  std::size_t rows = a.prompt.size();
  for (std::size_t i = 0; i + 1 < a.greedy.size() && i + 1 < b.greedy.size() && a.greedy[i] == b.greedy[i]; ++i) ++rows;
  return rows;
}

/// Root of the mean square of the difference, in units of the exact logits' own.
template <class Row>
double relative_rms(const GoldenCase& exact, std::size_t rows, Row&& row) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < exact.columns; ++j) {
      const double e = exact.row(i)[j];
      difference += (e - row(i)[j]) * (e - row(i)[j]);
      size += e * e;
    }
  return std::sqrt(difference / size);
}

TEST(ModelQuantized, IsNoFartherFromExactThanTheReferencesOwnPath) {
  std::map<std::string, GoldenCase> cases;
  for (GoldenCase& each : golden_cases("quantlogits", "quantmodels")) cases.emplace(each.name, std::move(each));
  int models = 0;
  for (const auto& [name, exact] : cases) {
    if (!name.ends_with(".exact")) continue;
    const std::string stem = name.substr(0, name.size() - std::string(".exact").size());
    const GoldenCase& native = cases.at(stem + ".native");
    ASSERT_EQ(exact.prompt, native.prompt);
    const std::size_t rows = common_rows(exact, native);
    const double bar = relative_rms(exact, rows, [&](std::size_t i) { return native.row(i); });
    for (const std::string& device : devices()) {
      SCOPED_TRACE(stem + " on " + device);
      const Model model = open(golden_dir() / "quantmodels" / (stem + ".gguf"), device);
      Session session = start(model, 64, static_cast<std::int64_t>(exact.prompt.size()));
      const auto ours = all_rows(session, exact, exact.prompt.size());
      const double found = relative_rms(exact, rows, [&](std::size_t i) -> const std::vector<float>& { return ours[i]; });
      RecordProperty(stem + "_" + device, std::to_string(found) + " of " + std::to_string(bar));
      EXPECT_LE(found, bar);
    }
    ++models;
  }
  EXPECT_EQ(models, 9);
}

}  // namespace
}  // namespace libabi::llm::test
