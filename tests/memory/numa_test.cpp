#include <abi/memory/buffer.hpp>
#include <abi/memory/numa.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include <unistd.h>

namespace libabi::memory {
namespace {

TEST(Numa, KnowsAtLeastOneNodeAndEachProcessorOnce) {
  const auto nodes = numa_nodes().value();
  ASSERT_FALSE(nodes.empty());
  EXPECT_TRUE(std::ranges::is_sorted(nodes, {}, &NumaNode::index));
  std::set<unsigned> processors;
  for (const NumaNode& node : nodes)
    for (const unsigned processor : node.processors) EXPECT_TRUE(processors.insert(processor).second) << processor;
  EXPECT_FALSE(processors.empty());
}

// Whatever the machine: memory stays as it is and usable under every policy, and lies on a node that exists.
TEST(Numa, PlacesMemoryThatStaysUsable) {
  const auto nodes = numa_nodes().value();
  auto buffer = Buffer::allocate(1'000'000).value();
  std::ranges::fill(buffer.bytes(), std::byte{7});
  std::vector<Placement> placements{{.policy = NumaPolicy::interleave}, {.policy = NumaPolicy::first_touch}};
  for (const NumaNode& node : nodes) placements.push_back({.policy = NumaPolicy::bind, .node = node.index});
  for (const Placement& placement : placements) {
    const auto placed = place(buffer.bytes(), placement);
    if (!placed) {
      EXPECT_TRUE(placed.error().code == ErrorCode::permission_denied || placed.error().code == ErrorCode::unsupported);
      continue;
    }
    EXPECT_TRUE(std::ranges::all_of(buffer.bytes(), [](std::byte byte) { return byte == std::byte{7}; }));
    const auto where = node_of(buffer.data()[500'000]);
    ASSERT_TRUE(where || where.error().code == ErrorCode::unsupported);
    if (where) {
      EXPECT_TRUE(std::ranges::any_of(nodes, [&](const NumaNode& node) { return node.index == *where; }));
      if (placement.policy == NumaPolicy::bind) {
        EXPECT_EQ(*where, placement.node);
      }
    }
  }
}

TEST(Numa, NoSuchNodeIsAnError) {
  auto buffer = Buffer::allocate(100'000).value();
  const auto placed = place(buffer.bytes(), {.policy = NumaPolicy::bind, .node = 12'345});
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().code, ErrorCode::invalid_argument);
}

// In a process of its own, since the machine is read once: hwloc makes one up, and takes every binding for done.
TEST(NumaDeathTest, TwoNodesAreToldApart) {
  if (!numa_is_known()) GTEST_SKIP() << "this build has no hwloc";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto check = [] {
    ::setenv("HWLOC_SYNTHETIC", "node:2 core:3 pu:1", 1);
    const auto nodes = numa_nodes().value();
    auto buffer = Buffer::allocate(100'000).value();
    const auto bound = place(buffer.bytes(), {.policy = NumaPolicy::bind, .node = 1});
    const auto nowhere = place(buffer.bytes(), {.policy = NumaPolicy::bind, .node = 2});
    const bool good = nodes.size() == 2 && nodes[1].index == 1 && nodes[1].processors == std::vector{3u, 4u, 5u} && bound &&
                      !nowhere && nowhere.error().code == ErrorCode::invalid_argument && node_of(buffer.data()[0]);
    ::_exit(good ? 0 : 1);
  };
  EXPECT_EXIT(check(), testing::ExitedWithCode(0), "");
}

TEST(Numa, LessThanAPageIsLeftWhereItIs) {
  std::byte few[64];
  EXPECT_TRUE(place(few, {.policy = NumaPolicy::interleave}));
  EXPECT_TRUE(place({}, {.policy = NumaPolicy::interleave}));
}

}  // namespace
}  // namespace libabi::memory
