#include "sync/model/mutants.hpp"

#include "sync/model/site.hpp"

#include <abi/base/error.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace libabi::sync::model {

namespace {

constexpr std::uint64_t kSeed = 20130107;  // fixed, so that a survivor of today is one of tomorrow

Report try_out(const Trial& trial) {
  return trial.random != 0 ? explore_randomly(trial.body, trial.random, kSeed, trial.settings)
                           : explore(trial.body, trial.settings);
}

bool in(const Site& site, const std::vector<std::string>& files) {
  const std::string_view file = site.place.file_name();
  return std::ranges::any_of(files, [&](const std::string& name) { return file.ends_with(name); });
}

/// The failure of the first trial that fails, or nothing. The one that failed last is tried first, since it knows how.
std::string first_failure(const std::vector<Trial>& trials, const std::vector<std::size_t>& order, std::size_t& favourite) {
  const std::size_t first = favourite;
  for (std::size_t i = 0; i <= order.size(); ++i) {
    const std::size_t trial = i == 0 ? first : order[i - 1];
    if (i != 0 && trial == first) continue;
    const Report report = try_out(trials[trial]);
    if (report.passed()) continue;
    favourite = trial;
    return libabi::format("scenario {}, run {}: {}", trial, report.runs, report.failure);
  }
  return {};
}

}  // namespace

std::string Hunt::text() const {
  std::string text = failure;
  for (const std::string& survivor : survivors) text += "\nnot needed by any scenario: " + survivor;
  return text;
}

Hunt hunt(const std::vector<Trial>& trials, const std::vector<std::string>& files, const std::vector<std::string>& excused) {
  Hunt hunt;
  std::vector<std::string> unused = excused;
  std::vector<std::size_t> cheapest;  // those that are soon over come first
  std::vector<std::uint64_t> runs;
  for (const Trial& trial : trials) {
    const Report report = try_out(trial);
    if (!report.passed() || (trial.random == 0 && !report.exhausted)) {
      hunt.failure = report.text();
      return hunt;
    }
    cheapest.push_back(cheapest.size());
    runs.push_back(report.runs);
  }
  std::ranges::sort(cheapest, {}, [&](std::size_t trial) { return std::pair(runs[trial], trial); });
  std::size_t favourite = cheapest.front();
  const std::size_t sites = Sites::all().list().size();  // a mutant may reach others, which are no part of the structure as it is
  for (std::size_t i = 0; i < sites; ++i) {
    Site& site = Sites::all().list()[i];
    if (!in(site, files)) continue;
    for (const Order order : weaker(site.role, site.given)) {
      site.effective = order;
      const std::string failure = first_failure(trials, cheapest, favourite);
      site.effective = site.given;
      const std::string mutant = libabi::format("{}: {} {} as {}", site.where(), text(site.role), text(site.given), text(order));
      if (!failure.empty())
        hunt.caught.push_back(mutant + ": " + failure);
      else if (std::ranges::any_of(excused, [&](const std::string& end) { return mutant.ends_with(end); }))
        std::erase_if(unused, [&](const std::string& end) { return mutant.ends_with(end); });
      else
        hunt.survivors.push_back(mutant);
    }
  }
  for (const std::string& end : unused) hunt.survivors.push_back("excused, though it does not survive: " + end);
  return hunt;
}

}  // namespace libabi::sync::model
