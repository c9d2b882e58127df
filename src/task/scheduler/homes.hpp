#pragma once

#include <abi/memory/numa.hpp>

#include <span>
#include <vector>

namespace libabi::task::detail {

/// Where a worker belongs: a memory node, and the processors of it that the process may use.
struct Home {
  unsigned node = 0;
  std::vector<unsigned> processors;  // empty: wherever the system likes
};

/// A home for each of `workers`, spread over the nodes as their usable processors are. On a machine with one node, or where
/// nothing is known of the processors, all are at home everywhere.
std::vector<Home> homes_of(unsigned workers, std::span<const memory::NumaNode> nodes, std::span<const unsigned> usable);

/// The other workers, as worker `self` goes round them: from its neighbour on, those of its own node and those of others.
struct Victims {
  std::vector<unsigned> near;
  std::vector<unsigned> far;
};
Victims victims_of(unsigned self, std::span<const Home> homes);

}  // namespace libabi::task::detail
