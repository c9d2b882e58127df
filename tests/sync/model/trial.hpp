#pragma once
// A structure's scenarios, and the test that they pass.

#include "sync/model/depth.hpp"
#include "sync/model/explore.hpp"

#include <string>
#include <vector>

namespace libabi::sync::model {

struct Trial {
  Body body;
  Settings settings{};
  std::uint64_t random = 0;  ///< 0: explored exhaustively; else so many random executions
};

/// Of the scenario as it is, or with ABI_MODEL_DEPTH: an exploration that is not exhausted within 200'000 executions for each
/// step of depth goes on with as many random ones, whose seed is that of ABI_SEED and printed.
Report run(const Trial& trial);

/// Runs each of them, and prints how many executions that were. Empty, or what failed.
std::string failures(const std::vector<Trial>& trials);

}  // namespace libabi::sync::model
