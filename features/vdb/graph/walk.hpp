#pragma once
/// Looking for the nodes nearest to a query along the edges of a layer.

#include "graph/layer.hpp"
#include "graph/scratch.hpp"

#include <span>

namespace libabi::vdb {

struct WalkOptions {
  std::size_t beam = 64;
  bool keep_expanded = false;              ///< in scratch.expanded
  std::span<const std::uint64_t> among{};  ///< where not empty: nodes with a bit here are gathered in scratch.found
  std::size_t found = 0;                   ///< so many of them at most
};

/// Best-first search with a beam (Malkov and Yashunin, algorithm 2): leaves what it found in scratch.beam. It begins at all
/// entries. `rows` gives the row of
/// each node, null where they are the same. Throws bad_alloc before it begins.
/// Work: about beam times degree distances.
void walk(const Layer& layer, const Codes& codes, const std::uint32_t* rows, const PreparedQuery& query,
          std::span<const std::uint32_t> entries, const WalkOptions& options, Scratch& scratch);

/// The walk with a beam of one, without memory: to the node none of whose neighbours is nearer.
Candidate descend(const Layer& layer, const Codes& codes, const std::uint32_t* rows, const PreparedQuery& query, Candidate from,
                  Scratch& scratch) noexcept;

}  // namespace libabi::vdb
