#pragma once
// Runs a scenario in every way that the memory model allows, or in many random ones.

#include "sync/model/program.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace libabi::sync::model {

struct Settings {
  Limits limits{};
  std::uint64_t executions = 3'000'000;  ///< most runs of explore(): with more the exploration is not exhausted
  unsigned spurious_failures = 0;        ///< how many weak compare-and-swaps of each thread fail without a reason, at most
  std::function<void(const Graph&)> on_complete;  ///< called after each complete execution
};

struct Report {
  std::uint64_t complete = 0;  ///< executions in which every thread ended
  std::uint64_t blocked = 0;   ///< a thread waits for a store it could see: another execution shows what then happens
  std::uint64_t runs = 0;      ///< together with those that led nowhere
  bool exhausted = false;      ///< nothing is left that could be tried
  std::string failure;         ///< empty, or what went wrong in the last run
  std::string replay;          ///< what brings it back: replay(), or ABI_MODEL_REPLAY
  std::string trace;           ///< what every thread did until then

  bool passed() const noexcept { return failure.empty(); }
  std::string text() const;
};

/// All executions, each once, up to Settings::executions.
Report explore(const Body& body, const Settings& settings = {});
/// `executions` random ones. 0: the seed of ABI_SEED, or a new one that is printed.
Report explore_randomly(const Body& body, std::uint64_t executions, std::uint64_t seed = 0, const Settings& settings = {});
/// All executions by trying every choice of every step: no reduction at all, so that it can be the reference of explore().
Report explore_naively(const Body& body, const Settings& settings = {});
/// One execution, as the replay text of a report says.
Report replay(const Body& body, const std::string& text, const Settings& settings = {});

}  // namespace libabi::sync::model
