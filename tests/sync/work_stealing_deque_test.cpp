#include <abi/sync/work_stealing_deque.hpp>

#include "memory/failing_malloc.hpp"
#include "seed.hpp"
#include "sync/together.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace libabi::sync {
namespace {

using Deque = WorkStealingDeque<std::uint32_t>;

TEST(WorkStealingDeque, OwnerTakesTheNewestAndThievesTheOldest) {
  Deque deque;
  EXPECT_FALSE(deque.pop());
  EXPECT_FALSE(deque.steal());
  for (std::uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(deque.push(i));
  EXPECT_EQ(deque.size_hint(), 4u);
  EXPECT_EQ(deque.pop(), 3u);
  EXPECT_EQ(deque.steal(), 0u);
  EXPECT_EQ(deque.steal(), 1u);
  EXPECT_EQ(deque.pop(), 2u);
  EXPECT_FALSE(deque.pop());
  EXPECT_FALSE(deque.steal());
  EXPECT_TRUE(deque.empty_hint());
}

TEST(WorkStealingDeque, PointersAreNullWhereThereIsNone) {
  int item = 0;
  WorkStealingDeque<int*> deque;
  EXPECT_EQ(deque.pop(), nullptr);
  EXPECT_EQ(deque.steal(), nullptr);
  ASSERT_TRUE(deque.push(&item));
  EXPECT_EQ(deque.steal(), &item);
}

TEST(WorkStealingDeque, ABatchIsTheOlderHalfOfWhatIsPublic) {
  Deque deque(2, 0);
  for (std::uint32_t i = 0; i < 17; ++i) ASSERT_TRUE(deque.push(i));
  EXPECT_EQ(deque.steal(), 0u);  // interrupts, and makes 1 to 8 public
  std::array<std::uint32_t, 16> batch{};
  ASSERT_EQ(deque.steal(batch), 4u);
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(batch[i], i + 1);
  EXPECT_EQ(deque.steal(std::span(batch).first(1)), 1u);
  EXPECT_EQ(batch[0], 5u);
  EXPECT_EQ(deque.steal(std::span<std::uint32_t>()), 0u);
  for (std::uint32_t i = 16; i > 5; --i) EXPECT_EQ(deque.pop(), i);
  EXPECT_FALSE(deque.pop());
}

// Against a std::deque, over small rings that wrap and grow, by one thread that is owner and thief.
TEST(WorkStealingDeque, AgreesWithADequeOverRandomCalls) {
  std::mt19937 random(static_cast<std::uint32_t>(libabi::test::seed()));
  for (int run = 0; run < 200; ++run) {
    Deque deque(1 + random() % 8, random() % 2);
    std::deque<std::uint32_t> expected;
    const auto bias = random() % 5;
    for (std::uint32_t step = 0; step < 1000; ++step) {
      const auto choice = random() % 10;
      if (choice < 3 + bias) {
        ASSERT_TRUE(deque.push(step));
        expected.push_back(step);
      } else if (choice < 8) {
        const auto item = deque.pop();
        ASSERT_EQ(item.has_value(), !expected.empty());
        if (!item) continue;
        ASSERT_EQ(*item, expected.back());
        expected.pop_back();
      } else {
        const auto item = deque.steal();
        ASSERT_EQ(item.has_value(), !expected.empty());
        if (!item) continue;
        ASSERT_EQ(*item, expected.front());
        expected.pop_front();
      }
      ASSERT_EQ(deque.size_hint(), expected.size());
    }
  }
}

class DequeWithThieves : public testing::TestWithParam<unsigned> {};  // the thieves' patience
INSTANTIATE_TEST_SUITE_P(Patience, DequeWithThieves, testing::Values(0u, 3u, Deque::default_patience),
                         testing::PrintToStringParamName());

// Every item comes out once, to the owner or to one of two thieves, who take single items and batches.
TEST_P(DequeWithThieves, EveryItemComesOutOnce) {
  constexpr std::uint32_t kItems = 60000;
  Deque deque(2, GetParam());
  std::vector<std::atomic<std::uint8_t>> taken(kItems);
  std::atomic<bool> finished{false};
  test::together(3, [&](unsigned index) {
    const auto take = [&](std::uint32_t item) { taken[item].fetch_add(1, std::memory_order_relaxed); };
    if (index == 0) {
      for (std::uint32_t i = 0; i < kItems; ++i) {
        while (!deque.push(i)) std::this_thread::yield();
        for (std::uint32_t pops = i % 3; pops > 1; --pops)
          if (const auto item = deque.pop()) take(*item);
        if (i % 1000 == 999)
          while (const auto item = deque.pop()) take(*item);
      }
      while (const auto item = deque.pop()) take(*item);
      finished.store(true);
      return;
    }
    while (!finished.load()) {
      std::array<std::uint32_t, 8> batch;
      const std::size_t count = deque.steal(std::span(batch).first(index == 1 ? 1 : batch.size()));
      for (std::size_t i = 0; i < count; ++i) take(batch[i]);
      if (count == 0) std::this_thread::yield();
    }
  });
  for (std::uint32_t i = 0; i < kItems; ++i) ASSERT_EQ(taken[i].load(), 1) << "item " << i;
  EXPECT_TRUE(deque.empty_hint());
}

// An owner that is busy elsewhere neither pushes nor pops: whoever steals gets its items all the same.
TEST(WorkStealingDeque, ItemsOfAnOwnerThatDoesNotAnswerAreStolen) {
  Deque deque;
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_TRUE(deque.push(i));
  std::uint32_t stolen = 0;
  std::thread([&] {
    while (const auto item = deque.steal()) ASSERT_EQ(*item, stolen++);
  }).join();
  EXPECT_EQ(stolen, 1000u);
  EXPECT_FALSE(deque.pop());
}

TEST(WorkStealingDeque, APushWithoutMemoryIsFalseAndChangesNothing) {
  libabi::test::fail_each([] {
    Deque deque(2);
    std::uint32_t pushed = 0;
    bool all = true;
    for (std::uint32_t i = 0; i < 20; ++i)
      if (deque.push(i))
        ++pushed;
      else
        all = false;
    for (std::uint32_t i = 0; i < pushed; ++i) EXPECT_TRUE(deque.pop());
    EXPECT_FALSE(deque.pop());
    return all;
  });
  memory::AllocationFault fault(0);
  Deque deque;
  EXPECT_FALSE(deque.push(1));
  EXPECT_TRUE(fault.hit());
  EXPECT_TRUE(deque.push(1));
  EXPECT_EQ(deque.pop(), 1u);
}

}  // namespace
}  // namespace libabi::sync
