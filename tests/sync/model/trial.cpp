#include "sync/model/trial.hpp"

#include <abi/base/error.hpp>

#include <cstdio>

namespace libabi::sync::model {

namespace {

constexpr std::uint64_t kExecutionsPerDepth = 200'000;

}  // namespace

Report run(const Trial& trial) {
  const unsigned deep = depth();
  if (trial.random != 0) return explore_randomly(trial.body, trial.random * (deep + 1), 0, trial.settings);
  Settings settings = trial.settings;
  if (deep > 0) settings.executions = kExecutionsPerDepth * deep;
  Report report = explore(trial.body, settings);
  if (deep == 0 || !report.passed() || report.exhausted) return report;
  const Report random = explore_randomly(trial.body, kExecutionsPerDepth * deep, 0, trial.settings);
  if (!random.passed()) return random;
  report.complete += random.complete;
  report.blocked += random.blocked;
  report.runs += random.runs;
  return report;
}

std::string failures(const std::vector<Trial>& trials) {
  std::string text;
  std::uint64_t runs = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const Report report = run(trials[i]);
    runs += report.runs;
    const bool whole = report.exhausted || trials[i].random != 0 || depth() > 0;
    if (!report.passed() || !whole) text += libabi::format("scenario {}: {}\n", i, report.text());
  }
  std::printf("%zu scenarios, %llu executions\n", trials.size(), static_cast<unsigned long long>(runs));
  return text;
}

}  // namespace libabi::sync::model
