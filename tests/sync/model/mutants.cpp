#include "sync/model/mutants.hpp"

#include "sync/model/site.hpp"

#include <abi/base/error.hpp>

#include <algorithm>
#include <string_view>

namespace libabi::sync::model {

namespace {

constexpr std::uint64_t kSeed = 20130107;  // fixed, so that a survivor of today is one of tomorrow

Report run(const Trial& trial) {
  return trial.random != 0 ? explore_randomly(trial.body, trial.random, kSeed, trial.settings)
                           : explore(trial.body, trial.settings);
}

bool in(const Site& site, const std::vector<std::string>& files) {
  const std::string_view file = site.place.file_name();
  return std::ranges::any_of(files, [&](const std::string& name) { return file.ends_with(name); });
}

/// The failure of the first trial that fails; the one that failed last is tried first, since it knows how.
std::string first_failure(const std::vector<Trial>& trials, std::size_t& favourite) {
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const std::size_t trial = (favourite + i) % trials.size();
    const Report report = run(trials[trial]);
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
  for (const Trial& trial : trials) {
    const Report report = run(trial);
    if (!report.passed() || (trial.random == 0 && !report.exhausted)) {
      hunt.failure = report.text();
      return hunt;
    }
  }
  std::size_t favourite = 0;
  const std::size_t sites = Sites::all().list().size();  // a mutant may reach others, which are no part of the structure as it is
  for (std::size_t i = 0; i < sites; ++i) {
    Site& site = Sites::all().list()[i];
    if (!in(site, files)) continue;
    for (const Order order : weaker(site.role, site.given)) {
      site.effective = order;
      const std::string failure = first_failure(trials, favourite);
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
