#pragma once
/// Where memory lies on a machine with several memory nodes. A processor reads its own node's memory faster than another's,
/// by a third to a half, and each node has a bandwidth of its own: what one node's threads work on is bound there, and what all
/// of them read is interleaved.
///
///     ABI_TRY(auto nodes, numa_nodes());
///     ABI_TRY(auto weights, Buffer::allocate(bytes));
///     if (nodes.size() > 1) ABI_TRY(place(weights.bytes(), {.policy = NumaPolicy::interleave}));
///
/// A machine with one node, and a build without hwloc, has one node with every processor: the same calls work there, and
/// place() has nothing to do. Thread-safe. What the machine looks like is read once, at the first call (milliseconds).

#include <abi/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace libabi::memory {

enum class NumaPolicy : std::uint8_t {
  first_touch,  ///< the system's own: on the node of the processor that writes to a page first
  bind,         ///< on one node
  interleave,   ///< page by page over all nodes in turn
};

struct Placement {
  NumaPolicy policy = NumaPolicy::first_touch;
  unsigned node = 0;  ///< for bind: the `index` of a NumaNode
};

struct NumaNode {
  unsigned index;                    ///< the system's number of it
  std::uint64_t bytes;               ///< its memory; 0 where the system does not tell
  std::vector<unsigned> processors;  ///< the system's numbers of those that are near to it, ascending; may be empty
};

/// The memory nodes in ascending order of their index; never none. Errors: exhausted.
ABI_API Result<std::vector<NumaNode>> numa_nodes();

/// Gives the whole pages of this memory to the policy's nodes, and moves those that lie elsewhere. The rest of the first and
/// the last page is left where it is. Errors: invalid_argument (no such node), permission_denied, unsupported (a policy that
/// the system does not have), exhausted.
ABI_API Result<void> place(std::span<std::byte> bytes, const Placement& placement);

/// The index of the node on which the byte lies; it is touched by that. Errors: unsupported (the system does not tell).
ABI_API Result<unsigned> node_of(const std::byte& byte);

/// Whether this build knows more than one node: it has hwloc.
ABI_API bool numa_is_known() noexcept;

}  // namespace libabi::memory
