#include <abi/sync/concurrent_map.hpp>
#include <abi/sync/hazard_pointers.hpp>

#include "memory/failing_malloc.hpp"
#include "seed.hpp"
#include "sync/together.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>

namespace libabi::sync {
namespace {

struct SameHash {
  std::size_t operator()(std::uint64_t) const noexcept { return 7; }
};

// What stands in cells and what stands in nodes, over both reclaimers, and where every key falls into one chain.
struct InCells {
  using Map = ConcurrentMap<std::uint64_t, std::uint64_t>;
  static std::uint64_t value(std::uint64_t n) { return n; }
};
struct InCellsHazard {
  using Map = ConcurrentMap<std::uint64_t, std::uint64_t, HazardReclaimer<>>;
  static std::uint64_t value(std::uint64_t n) { return n; }
};
struct InOneChain {
  using Map = ConcurrentMap<std::uint64_t, std::uint64_t, EpochReclaimer<>, SameHash>;
  static std::uint64_t value(std::uint64_t n) { return n; }
};
struct InNodes {
  using Map = ConcurrentMap<std::uint64_t, std::string>;
  static std::string value(std::uint64_t n) { return "a value that is too long for its place: " + std::to_string(n); }
};
struct InNodesHazard {
  using Map = ConcurrentMap<std::uint64_t, std::string, HazardReclaimer<>>;
  static std::string value(std::uint64_t n) { return InNodes::value(n); }
};

template <class Kind>
class ConcurrentMapOf : public testing::Test {
 protected:
  using Map = typename Kind::Map;
  static auto read(const Map& map, std::uint64_t key) {
    std::optional<decltype(Kind::value(0))> found;
    map.find(key, [&](const auto& value) { found = value; });
    return found;
  }
};
struct Names {
  template <class Kind>
  static std::string GetName(int index) {
    return std::array{"InCells", "InCellsHazard", "InOneChain", "InNodes", "InNodesHazard"}[static_cast<unsigned>(index)];
  }
};
using Kinds = testing::Types<InCells, InCellsHazard, InOneChain, InNodes, InNodesHazard>;
TYPED_TEST_SUITE(ConcurrentMapOf, Kinds, Names);

TYPED_TEST(ConcurrentMapOf, AgreesWithAMapOverRandomCalls) {
  std::mt19937 random(static_cast<std::uint32_t>(libabi::test::seed()));
  auto map = TestFixture::Map::create(1).value();
  std::map<std::uint64_t, decltype(TypeParam::value(0))> expected;
  const std::uint32_t keys = std::is_same_v<TypeParam, InOneChain> ? 30 : 1500;
  for (std::uint64_t step = 0; step < 30000; ++step) {
    const std::uint64_t key = random() % keys;
    const bool there = expected.contains(key);
    switch (random() % 6) {
      case 0:
        ASSERT_EQ(map->insert(key, TypeParam::value(step)), !there);
        expected.emplace(key, TypeParam::value(step));
        break;
      case 1:
        ASSERT_EQ(map->assign(key, TypeParam::value(step)), !there);
        expected[key] = TypeParam::value(step);
        break;
      case 2:
        ASSERT_EQ(map->update(key, [&](const auto& value) { return value == expected[key] ? TypeParam::value(step) : value; }),
                  there);
        if (there) expected[key] = TypeParam::value(step);
        break;
      case 3:
        ASSERT_EQ(map->erase(key), there);
        expected.erase(key);
        break;
      default:
        ASSERT_EQ(map->contains(key), there);
        ASSERT_EQ(this->read(*map, key), there ? std::optional(expected[key]) : std::nullopt);
    }
  }
  std::map<std::uint64_t, decltype(TypeParam::value(0))> seen;
  map->for_each([&](std::uint64_t key, const auto& value) { EXPECT_TRUE(seen.emplace(key, value).second); });
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(map->size(), expected.size());
}

TYPED_TEST(ConcurrentMapOf, GrowsWithItsItems) {
  if (std::is_same_v<TypeParam, InOneChain>) return;  // nothing helps there
  auto map = TestFixture::Map::create(1).value();
  for (std::uint64_t key = 0; key < 5000; ++key) ASSERT_EQ(map->insert(key, TypeParam::value(key)), true);
  EXPECT_GE(map->bucket_count(), 1024u);
  for (std::uint64_t key = 0; key < 5000; ++key) ASSERT_EQ(this->read(*map, key), TypeParam::value(key));
}

// Threads work on keys of their own and know what must be there, on buckets that all share and that grow all the time; the
// first of each one's keys is there throughout, and every walk sees it once.
TYPED_TEST(ConcurrentMapOf, EachThreadFindsItsOwnKeysAsItLeftThem) {
  constexpr unsigned kThreads = 4;
  const std::uint64_t keys = std::is_same_v<TypeParam, InOneChain> ? 8 : 2000;
  auto map = TestFixture::Map::create(1).value();
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) ASSERT_EQ(map->insert(thread, TypeParam::value(thread)), true);
  const unsigned long seed = libabi::test::seed();
  test::together(kThreads, [&](unsigned thread) {
    std::mt19937 random(static_cast<std::uint32_t>(seed + thread));
    std::map<std::uint64_t, decltype(TypeParam::value(0))> mine;
    for (std::uint64_t step = 0; step < 6000; ++step) {
      const std::uint64_t key = (1 + random() % keys) * kThreads + thread;
      const auto value = TypeParam::value(step);
      const bool there = mine.contains(key);
      switch (random() % 5) {
        case 0:
          ASSERT_EQ(map->erase(key), there);
          mine.erase(key);
          break;
        case 1:
          ASSERT_EQ(map->insert(key, value), !there);
          mine.emplace(key, value);
          break;
        case 2:
          ASSERT_EQ(map->assign(key, value), !there);
          mine[key] = value;
          break;
        default: ASSERT_EQ(this->read(*map, key), there ? std::optional(mine[key]) : std::nullopt);
      }
      if (step % 1500 != 0) continue;
      std::set<std::uint64_t> always;
      map->for_each([&](std::uint64_t each, const auto&) {
        if (each >= kThreads) return;
        EXPECT_TRUE(always.insert(each).second);
      });
      ASSERT_EQ(always.size(), kThreads);
    }
    for (const auto& [key, value] : mine) ASSERT_EQ(this->read(*map, key), value);
  });
}

TEST(ConcurrentMap, UpdatesOfOneKeyFollowOneAnother) {
  auto map = ConcurrentMap<std::string, std::uint64_t>::create(1).value();
  ASSERT_EQ(map->insert("count", 0), true);
  test::together(4, [&](unsigned) {
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(map->update("count", [](std::uint64_t count) { return count + 1; }), true);
  });
  std::uint64_t count = 0;
  ASSERT_TRUE(map->get("count", count));
  EXPECT_EQ(count, 8000u);
}

TYPED_TEST(ConcurrentMapOf, WithoutMemoryACallIsAnErrorAndTheMapGoesOn) {
  using Tested = typename TestFixture::Map;
  static_cast<void>(Tested::create(1).value()->insert(1, TypeParam::value(1)));  // what the thread keeps for good
  for (std::uint64_t n = 0, hit = 1; hit; ++n) {
    auto map = Tested::create(1).value();
    std::set<std::uint64_t> there;
    const memory::AllocationFault fault(n);
    for (std::uint64_t key = 0; key < 60; ++key) {
      const auto inserted = map->insert(key, TypeParam::value(key));
      if (inserted)
        there.insert(key);
      else
        ASSERT_EQ(inserted.error().code, ErrorCode::exhausted);
    }
    hit = fault.hit();
    for (std::uint64_t key = 0; key < 60; ++key) ASSERT_EQ(this->read(*map, key).has_value(), there.contains(key)) << n;
    ASSERT_EQ(map->size(), there.size());
    ASSERT_GE(there.size() + 1, 60u);
  }
}

TEST(ConcurrentMap, AnExceptionOfAChangeIsAnErrorAndTheValueStays) {
  auto map = ConcurrentMap<int, int>::create().value();
  ASSERT_EQ(map->insert(1, 10), true);
  const auto updated = map->update(1, [](int) -> int { throw std::runtime_error("no"); });
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, ErrorCode::internal);
  EXPECT_EQ(map->insert(1, 11), false);
  int value = 0;
  EXPECT_TRUE(map->get(1, value));
  EXPECT_EQ(value, 10);
}

TEST(ConcurrentMap, ValuesMayMoveOnly) {
  auto map = ConcurrentMap<std::string, std::unique_ptr<int>>::create().value();
  ASSERT_EQ(map->insert("one", std::make_unique<int>(1)), true);
  ASSERT_EQ(map->assign("one", std::make_unique<int>(2)), false);
  int found = 0;
  EXPECT_TRUE(map->find("one", [&](const std::unique_ptr<int>& value) { found = *value; }));
  EXPECT_EQ(found, 2);
}

TEST(ConcurrentMap, CapacitiesThatCannotBeAndNoMemoryAreErrors) {
  using Map = ConcurrentMap<int, int>;
  EXPECT_EQ(Map::create(0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(Map::create(std::numeric_limits<std::size_t>::max()).error().code, ErrorCode::exhausted);
  libabi::test::fail_each([] {
    const auto map = Map::create(100);
    EXPECT_TRUE(map || map.error().code == ErrorCode::exhausted);
    return map.has_value();
  });
}

}  // namespace
}  // namespace libabi::sync
