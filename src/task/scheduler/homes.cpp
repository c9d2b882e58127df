#include "homes.hpp"

#include <algorithm>

namespace libabi::task::detail {

std::vector<Home> homes_of(unsigned workers, std::span<const memory::NumaNode> nodes, std::span<const unsigned> usable) {
  std::vector<Home> homes(workers);
  std::vector<Home> nodes_in_use;
  std::vector<std::size_t> node_of_processor;  // by their order in nodes_in_use
  for (const memory::NumaNode& node : nodes) {
    Home home{node.index, {}};
    for (const unsigned processor : node.processors)
      if (std::ranges::find(usable, processor) != usable.end()) home.processors.push_back(processor);
    if (home.processors.empty()) continue;
    node_of_processor.insert(node_of_processor.end(), home.processors.size(), nodes_in_use.size());
    nodes_in_use.push_back(std::move(home));
  }
  if (nodes_in_use.size() < 2) return homes;
  for (std::size_t worker = 0; worker < workers; ++worker)
    homes[worker] = nodes_in_use[node_of_processor[worker * node_of_processor.size() / workers]];
  return homes;
}

Victims victims_of(unsigned self, std::span<const Home> homes) {
  Victims victims;
  const auto count = static_cast<unsigned>(homes.size());
  for (unsigned step = 1; step < count; ++step) {
    const unsigned other = (self + step) % count;
    (homes[other].node == homes[self].node ? victims.near : victims.far).push_back(other);
  }
  return victims;
}

}  // namespace libabi::task::detail
