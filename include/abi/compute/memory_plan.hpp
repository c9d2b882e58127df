#pragma once

#include <abi/compute/graph.hpp>

namespace libabi::compute {

inline constexpr std::uint64_t no_place = std::numeric_limits<std::uint64_t>::max();

/// A place for every input and intermediate at its greatest size, such that no two that live at once overlap.
struct MemoryPlan {
  std::vector<std::uint64_t> offsets;  ///< by TensorId; multiples of 64; no_place for weights and states
  std::uint64_t bytes = 0;             ///< of the whole
};

/// Greedy by size over live ranges (Pisarchyk and Lee, 2020, "greedy by size"). An elementwise operation may write over
/// an input that dies with it. Outputs and inputs live to the end of the run. O(n^2) in the number of tensors.
ABI_API Result<MemoryPlan> plan_memory(const Graph& graph);

}  // namespace libabi::compute
