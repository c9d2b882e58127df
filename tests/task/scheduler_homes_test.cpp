// Where workers belong on machines that the one that tests may not be.

#include "scheduler/homes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace libabi::task::detail {
namespace {

using memory::NumaNode;

std::vector<unsigned> numbers(unsigned from, unsigned to) {
  std::vector<unsigned> all(to - from);
  std::iota(all.begin(), all.end(), from);
  return all;
}

std::vector<unsigned> nodes_of(const std::vector<Home>& homes) {
  std::vector<unsigned> nodes;
  for (const Home& home : homes) nodes.push_back(home.node);
  return nodes;
}

TEST(Homes, OnOneNodeAllAreAtHomeEverywhere) {
  const std::vector<NumaNode> one{{0, 0, numbers(0, 4)}};
  for (const Home& home : homes_of(6, one, numbers(0, 4))) EXPECT_TRUE(home.processors.empty());
  for (const Home& home : homes_of(3, {}, {})) EXPECT_TRUE(home.processors.empty());
}

TEST(Homes, WorkersAreSpreadAsTheProcessorsAre) {
  const std::vector<NumaNode> two{{0, 0, numbers(0, 4)}, {1, 0, numbers(4, 8)}};
  const std::vector<Home> homes = homes_of(8, two, numbers(0, 8));
  EXPECT_EQ(nodes_of(homes), (std::vector<unsigned>{0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(homes[7].processors, numbers(4, 8));
  EXPECT_EQ(nodes_of(homes_of(2, two, numbers(0, 8))), (std::vector<unsigned>{0, 1}));
  EXPECT_EQ(nodes_of(homes_of(16, two, numbers(0, 8))).back(), 1u);
}

TEST(Homes, OnlyProcessorsThatTheProcessMayUseCount) {
  const std::vector<NumaNode> two{{0, 0, numbers(0, 4)}, {3, 0, numbers(4, 8)}};
  const std::vector<Home> homes = homes_of(4, two, std::vector<unsigned>{3, 4, 5, 6});
  EXPECT_EQ(nodes_of(homes), (std::vector<unsigned>{0, 3, 3, 3}));
  EXPECT_EQ(homes[0].processors, std::vector<unsigned>{3});
  EXPECT_TRUE(homes_of(4, two, numbers(0, 4))[0].processors.empty()) << "one node is left";
}

TEST(Homes, NodesWithoutProcessorsHaveNoWorkers) {
  const std::vector<NumaNode> three{{0, 0, numbers(0, 2)}, {1, 0, {}}, {2, 0, numbers(2, 4)}};
  EXPECT_EQ(nodes_of(homes_of(4, three, numbers(0, 4))), (std::vector<unsigned>{0, 0, 2, 2}));
}

TEST(Homes, VictimsOfTheOwnNodeComeFirstAndNobodyIsLeftOut) {
  const std::vector<NumaNode> two{{0, 0, numbers(0, 3)}, {1, 0, numbers(3, 6)}};
  const std::vector<Home> homes = homes_of(6, two, numbers(0, 6));
  for (unsigned self = 0; self < 6; ++self) {
    const Victims victims = victims_of(self, homes);
    EXPECT_EQ(victims.near.size(), 2u);
    EXPECT_EQ(victims.far.size(), 3u);
    std::vector<unsigned> all{self};
    for (const unsigned other : victims.near) {
      EXPECT_EQ(homes[other].node, homes[self].node);
      all.push_back(other);
    }
    all.insert(all.end(), victims.far.begin(), victims.far.end());
    std::ranges::sort(all);
    EXPECT_EQ(all, numbers(0, 6));
  }
}

}  // namespace
}  // namespace libabi::task::detail
