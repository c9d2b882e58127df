#include <abi/sync/spsc_ring.hpp>

#include "memory/failing_malloc.hpp"
#include "seed.hpp"
#include "sync/together.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <limits>
#include <random>
#include <vector>

namespace libabi::sync {
namespace {

TEST(SpscRing, KeepsTheOrderOfItemsAndRefusesWhenFull) {
  auto ring = SpscRing<int>::create(3).value();
  EXPECT_EQ(ring->capacity(), 4u);
  int item = 0;
  for (int round = 0; round < 5; ++round) {
    EXPECT_FALSE(ring->pop(item));
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring->push(i));
    EXPECT_FALSE(ring->push(4));
    EXPECT_EQ(ring->size_hint(), 4u);
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(ring->pop(item));
      EXPECT_EQ(item, i);
    }
  }
}

TEST(SpscRing, AnItemThatIsRefusedIsUntouched) {
  auto ring = SpscRing<std::unique_ptr<int>>::create(1).value();
  EXPECT_TRUE(ring->push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(ring->push(std::move(second)));
  ASSERT_TRUE(second);
  std::unique_ptr<int> first;
  ASSERT_TRUE(ring->pop(first));
  EXPECT_EQ(*first, 1);
  ring->close();
  EXPECT_FALSE(ring->push(std::move(second)));
  EXPECT_TRUE(second);
}

TEST(SpscRing, WhatWasPushedBeforeTheCloseComesOutAndThenItIsDrained) {
  auto ring = SpscRing<int>::create(8).value();
  EXPECT_TRUE(ring->push(1));
  EXPECT_FALSE(ring->drained());
  ring->close();
  EXPECT_TRUE(ring->closed());
  EXPECT_FALSE(ring->drained());
  int item = 0;
  EXPECT_TRUE(ring->pop(item));
  EXPECT_TRUE(ring->drained());
}

TEST(SpscRing, AgreesWithADequeOverRandomSpans) {
  std::mt19937 random(static_cast<std::uint32_t>(libabi::test::seed()));
  auto ring = SpscRing<std::uint32_t>::create(16).value();
  std::deque<std::uint32_t> expected;
  std::uint32_t next = 0;
  for (int step = 0; step < 20000; ++step) {
    std::array<std::uint32_t, 24> span;
    const std::size_t wanted = random() % (span.size() + 1);
    if (random() % 2 == 0) {
      for (std::size_t i = 0; i < wanted; ++i) span[i] = next + static_cast<std::uint32_t>(i);
      const std::size_t pushed = ring->push(std::span(span).first(wanted));
      ASSERT_EQ(pushed, std::min(wanted, 16 - expected.size()));
      for (std::size_t i = 0; i < pushed; ++i) expected.push_back(next++);
    } else {
      const std::size_t popped = ring->pop(std::span(span).first(wanted));
      ASSERT_EQ(popped, std::min(wanted, expected.size()));
      for (std::size_t i = 0; i < popped; ++i) {
        ASSERT_EQ(span[i], expected.front());
        expected.pop_front();
      }
    }
  }
}

TEST(SpscRing, CarriesEverythingInOrderBetweenTwoThreads) {
  constexpr std::uint64_t kItems = 200000;
  auto ring = SpscRing<std::unique_ptr<std::uint64_t>>::create(64).value();
  test::together(2, [&](unsigned index) {
    if (index == 0) {
      for (std::uint64_t i = 0; i < kItems; ++i) {
        auto item = std::make_unique<std::uint64_t>(i);
        while (!ring->push(std::move(item))) std::this_thread::yield();
      }
      ring->close();
      return;
    }
    std::uint64_t next = 0;
    for (std::unique_ptr<std::uint64_t> item; !ring->drained();) {
      if (!ring->pop(item)) {
        std::this_thread::yield();
        continue;
      }
      ASSERT_EQ(*item, next);
      ++next;
    }
    EXPECT_EQ(next, kItems);
  });
}

TEST(SpscRing, DestroysWhatIsLeftInside) {
  auto counted = std::make_shared<int>(0);
  {
    auto ring = SpscRing<std::shared_ptr<int>>::create(8).value();
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(ring->push(counted));
    std::shared_ptr<int> out;
    EXPECT_TRUE(ring->pop(out));
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(SpscRing, CapacitiesThatCannotBeAreErrors) {
  EXPECT_EQ(SpscRing<int>::create(0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(SpscRing<int>::create(std::numeric_limits<std::size_t>::max()).error().code, ErrorCode::exhausted);
  EXPECT_EQ(SpscRing<int>::create(std::size_t{1} << 61).error().code, ErrorCode::exhausted);
}

TEST(SpscRing, NoMemoryIsAnError) {
  libabi::test::fail_each([] {
    const auto ring = SpscRing<int>::create(100);
    EXPECT_TRUE(ring || ring.error().code == ErrorCode::exhausted);
    return ring.has_value();
  });
  for (std::uint64_t n = 0; n < 2; ++n) {
    const memory::AllocationFault fault(n);
    EXPECT_EQ(SpscRing<int>::create(100).error().code, ErrorCode::exhausted);
  }
}

}  // namespace
}  // namespace libabi::sync
