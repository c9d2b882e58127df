#include <abi/sync/bounded_queue.hpp>

#include "memory/failing_malloc.hpp"
#include "seed.hpp"
#include "sync/together.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <limits>
#include <random>

namespace libabi::sync {
namespace {

TEST(BoundedQueue, KeepsTheOrderOfItemsAndRefusesWhenFull) {
  auto queue = BoundedQueue<int>::create(1).value();
  EXPECT_EQ(queue->capacity(), 2u);
  int item = 0;
  for (int round = 0; round < 5; ++round) {
    EXPECT_FALSE(queue->pop(item));
    EXPECT_TRUE(queue->push(1));
    EXPECT_TRUE(queue->push(2));
    EXPECT_FALSE(queue->push(3));
    EXPECT_EQ(queue->size_hint(), 2u);
    for (int i = 1; i <= 2; ++i) {
      ASSERT_TRUE(queue->pop(item));
      EXPECT_EQ(item, i);
    }
  }
}

TEST(BoundedQueue, AgreesWithADequeOverRandomSpans) {
  std::mt19937 random(static_cast<std::uint32_t>(libabi::test::seed()));
  auto queue = BoundedQueue<std::unique_ptr<std::uint32_t>>::create(16).value();
  std::deque<std::uint32_t> expected;
  std::uint32_t next = 0;
  for (int step = 0; step < 20000; ++step) {
    std::array<std::unique_ptr<std::uint32_t>, 24> span;
    const std::size_t wanted = random() % (span.size() + 1);
    if (random() % 2 == 0) {
      for (std::size_t i = 0; i < wanted; ++i) span[i] = std::make_unique<std::uint32_t>(next + i);
      const std::size_t pushed = queue->push(std::span(span).first(wanted));
      ASSERT_EQ(pushed, std::min(wanted, 16 - expected.size()));
      for (std::size_t i = 0; i < pushed; ++i) expected.push_back(next++);
      for (std::size_t i = pushed; i < wanted; ++i) ASSERT_TRUE(span[i]) << "a refused item is untouched";
    } else {
      const std::size_t popped = queue->pop(std::span(span).first(wanted));
      ASSERT_EQ(popped, std::min(wanted, expected.size()));
      for (std::size_t i = 0; i < popped; ++i) {
        ASSERT_EQ(*span[i], expected.front());
        expected.pop_front();
      }
    }
  }
}

TEST(BoundedQueue, NothingIsPushedAfterTheCloseAndWhatIsInsideComesOut) {
  auto queue = BoundedQueue<int>::create(4).value();
  EXPECT_TRUE(queue->push(7));
  queue->close();
  queue->close();
  EXPECT_TRUE(queue->closed());
  EXPECT_FALSE(queue->push(8));
  EXPECT_FALSE(queue->drained());
  EXPECT_EQ(queue->size_hint(), 1u);
  int item = 0;
  EXPECT_TRUE(queue->pop(item));
  EXPECT_EQ(item, 7);
  EXPECT_FALSE(queue->pop(item));
  EXPECT_TRUE(queue->drained());
}

// Producers number their items; each consumer sees those of one producer in order, and all see each once.
TEST(BoundedQueue, EveryItemComesOutOnceAndInTheOrderOfItsProducer) {
  constexpr unsigned kProducers = 2;
  constexpr std::uint32_t kItems = 30000;
  auto queue = BoundedQueue<std::uint32_t>::create(8).value();
  std::vector<std::atomic<std::uint8_t>> taken(kProducers * kItems);
  std::atomic<unsigned> producing{kProducers};
  test::together(kProducers + 2, [&](unsigned index) {
    if (index < kProducers) {
      for (std::uint32_t i = 0; i < kItems;) {
        std::array<std::uint32_t, 3> span{};
        const std::size_t count = std::min<std::size_t>(1 + i % 3, kItems - i);
        for (std::size_t k = 0; k < count; ++k) span[k] = index * kItems + i + static_cast<std::uint32_t>(k);
        const std::size_t pushed = queue->push(std::span(span).first(count));
        i += static_cast<std::uint32_t>(pushed);
        if (pushed == 0) std::this_thread::yield();
      }
      if (producing.fetch_sub(1) == 1) queue->close();
      return;
    }
    std::array<std::uint32_t, kProducers> next{};
    while (!queue->drained()) {
      std::array<std::uint32_t, 4> span;
      const std::size_t count = queue->pop(std::span(span).first(index % 2 == 0 ? 1 : 4));
      if (count == 0) std::this_thread::yield();
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t producer = span[i] / kItems;
        ASSERT_GE(span[i] % kItems + 1, next[producer] + 1);
        next[producer] = span[i] % kItems + 1;
        taken[span[i]].fetch_add(1, std::memory_order_relaxed);
      }
    }
  });
  for (std::size_t i = 0; i < taken.size(); ++i) ASSERT_EQ(taken[i].load(), 1) << "item " << i;
}

TEST(BoundedQueue, DestroysWhatIsLeftInside) {
  auto counted = std::make_shared<int>(0);
  {
    auto queue = BoundedQueue<std::shared_ptr<int>>::create(8).value();
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue->push(counted));
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(BoundedQueue, CapacitiesThatCannotBeAndNoMemoryAreErrors) {
  EXPECT_EQ(BoundedQueue<int>::create(0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(BoundedQueue<int>::create(std::numeric_limits<std::size_t>::max()).error().code, ErrorCode::exhausted);
  libabi::test::fail_each([] {
    const auto queue = BoundedQueue<int>::create(100);
    EXPECT_TRUE(queue || queue.error().code == ErrorCode::exhausted);
    return queue.has_value();
  });
}

}  // namespace
}  // namespace libabi::sync
