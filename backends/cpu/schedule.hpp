#pragma once

#include "operation.hpp"

namespace libabi::backends::cpu {

/// The steps of a graph and where in the workspace they work:
///
///     claims, one a step │ regions, those that live at once side by side │ scratch of member 0 │ of member 1 │ …
///
/// A function of graph, kernels and member count alone, for the greatest shape.
struct Schedule {
  std::vector<Step> steps;
  std::vector<Region> regions;
  std::uint64_t regions_offset = 0;
  std::uint64_t scratch_offset = 0;
  std::uint64_t scratch_bytes = 0;  ///< of one member
  std::uint64_t workspace_bytes = 0;
};

/// O(n^2) in the number of regions. Errors: invalid_argument (the workspace exceeds 63 bits).
Result<Schedule> make_schedule(const Graph& graph, const KernelTables& kernels, unsigned members);

}  // namespace libabi::backends::cpu
