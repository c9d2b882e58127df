#include <abi/sync/lane_queue.hpp>

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

using Small = LaneQueue<std::unique_ptr<std::uint32_t>, StdAtomics, 4>;  // blocks of four, which soon come round

// One producer and one consumer are a plain queue.
TEST(LaneQueue, ALaneAgreesWithADequeOverRandomSpans) {
  std::mt19937 random(static_cast<std::uint32_t>(libabi::test::seed()));
  for (const bool unbounded : {false, true}) {
    auto queue = Small::create({.lane_capacity = 16, .unbounded = unbounded}).value();
    auto producer = queue->producer().value();
    auto consumer = queue->consumer();
    std::deque<std::uint32_t> expected;
    std::uint32_t next = 0;
    for (int step = 0; step < 20000; ++step) {
      std::array<std::unique_ptr<std::uint32_t>, 24> span;
      const std::size_t wanted = random() % (span.size() + 1);
      if (random() % 2 == 0) {
        for (std::size_t i = 0; i < wanted; ++i) span[i] = std::make_unique<std::uint32_t>(next + i);
        const std::size_t pushed = producer.push(std::span(span).first(wanted));
        if (unbounded)
          ASSERT_EQ(pushed, wanted);
        else  // room comes back by the block
          ASSERT_TRUE(pushed == wanted || expected.size() + pushed > 12) << expected.size() << " and " << pushed;
        for (std::size_t i = 0; i < pushed; ++i) expected.push_back(next++);
        for (std::size_t i = pushed; i < wanted; ++i) ASSERT_TRUE(span[i]) << "a refused item is untouched";
        ASSERT_TRUE(unbounded || expected.size() <= 16);
      } else {
        std::size_t left = std::min(wanted, expected.size());
        while (left != 0) {
          const std::size_t popped = consumer.pop(std::span(span).first(left));
          ASSERT_NE(popped, 0u);
          for (std::size_t i = 0; i < popped; ++i) {
            ASSERT_EQ(*span[i], expected.front());
            expected.pop_front();
          }
          left -= popped;
        }
      }
      ASSERT_EQ(queue->size_hint(), expected.size());
    }
  }
}

TEST(LaneQueue, ALaneOutlivesItsProducerAndIsTheNextOnes) {
  auto queue = LaneQueue<int>::create().value();
  auto consumer = queue->consumer();
  int item = 0;
  EXPECT_FALSE(consumer.pop(item));
  for (int round = 0; round < 3; ++round) {
    auto producer = queue->producer().value();
    EXPECT_TRUE(producer.push(2 * round));
    auto moved = std::move(producer);
    EXPECT_TRUE(moved.push(2 * round + 1));
  }
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(consumer.pop(item));
    EXPECT_EQ(item, i) << "one lane served all three producers";
  }
  EXPECT_FALSE(consumer.pop(item));
}

TEST(LaneQueue, AConsumerComesToEveryLane) {
  auto queue = LaneQueue<unsigned>::create({.lane_capacity = 1000, .unbounded = false}).value();
  std::vector<LaneQueue<unsigned>::Producer> producers;
  for (unsigned lane = 0; lane < 5; ++lane) {
    producers.push_back(queue->producer().value());
    for (int i = 0; i < 600; ++i) ASSERT_TRUE(producers.back().push(unsigned{lane}));
  }
  auto consumer = queue->consumer();
  std::array<unsigned, 5> seen{};
  // Long before one lane is empty, the others have been visited.
  for (int i = 0; i < 5 * 300; ++i) {
    unsigned lane = 0;
    ASSERT_TRUE(consumer.pop(lane));
    ++seen[lane];
  }
  for (const unsigned count : seen) EXPECT_GE(count, 200u);
}

TEST(LaneQueue, IsDrainedWhenClosedAndLeftAndEmpty) {
  auto queue = LaneQueue<int>::create().value();
  auto consumer = queue->consumer();
  int item = 0;
  {
    auto producer = queue->producer().value();
    EXPECT_TRUE(producer.push(1));
    queue->close();
    EXPECT_FALSE(producer.push(2));
    EXPECT_TRUE(consumer.pop(item));
    EXPECT_FALSE(queue->drained()) << "a push may be under way";
  }
  EXPECT_TRUE(queue->drained());
}

class LaneQueueWith : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Lanes, LaneQueueWith, testing::Bool(),
                         [](const auto& chosen) { return std::string(chosen.param ? "Unbounded" : "Bounded"); });

TEST_P(LaneQueueWith, EveryItemComesOutOnceAndInTheOrderOfItsProducer) {
  constexpr unsigned kProducers = 3;
  constexpr std::uint32_t kItems = 20000;
  auto queue = Small::create({.lane_capacity = 16, .unbounded = GetParam()}).value();
  std::vector<std::atomic<std::uint8_t>> taken(kProducers * kItems);
  std::atomic<unsigned> producing{kProducers};
  test::together(kProducers + 2, [&](unsigned index) {
    if (index < kProducers) {
      auto producer = queue->producer().value();
      for (std::uint32_t i = 0; i < kItems; ++i) {
        auto item = std::make_unique<std::uint32_t>(index * kItems + i);
        while (!producer.push(std::move(item))) std::this_thread::yield();
      }
      if (producing.fetch_sub(1) == 1) queue->close();
      return;
    }
    auto consumer = queue->consumer();
    std::array<std::uint32_t, kProducers> next{};
    while (!queue->drained()) {
      std::array<std::unique_ptr<std::uint32_t>, 3> span;
      const std::size_t count = consumer.pop(std::span(span).first(index % 2 == 0 ? 1 : 3));
      if (count == 0) std::this_thread::yield();
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t producer = *span[i] / kItems;
        ASSERT_GE(*span[i] % kItems + 1, next[producer] + 1);
        next[producer] = *span[i] % kItems + 1;
        taken[*span[i]].fetch_add(1, std::memory_order_relaxed);
      }
    }
  });
  for (std::size_t i = 0; i < taken.size(); ++i) ASSERT_EQ(taken[i].load(), 1) << "item " << i;
}

TEST(LaneQueue, DestroysWhatIsLeftInside) {
  auto counted = std::make_shared<int>(0);
  {
    auto queue = LaneQueue<std::shared_ptr<int>>::create({.lane_capacity = 2, .unbounded = true}).value();
    auto producer = queue->producer().value();
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(producer.push(counted));
    std::shared_ptr<int> out;
    EXPECT_TRUE(queue->consumer().pop(out));
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(LaneQueue, WithoutMemoryAPushIsFalseAndTheQueueGoesOn) {
  libabi::test::fail_each([] {
    auto queue = LaneQueue<int, StdAtomics, 4>::create({.lane_capacity = 8, .unbounded = true});
    EXPECT_TRUE(queue || queue.error().code == ErrorCode::exhausted);
    if (!queue) return false;
    auto producer = (*queue)->producer();
    EXPECT_TRUE(producer || producer.error().code == ErrorCode::exhausted);
    if (!producer) return false;
    int pushed = 0;
    for (int i = 0; i < 100; ++i)
      if (producer->push(int{pushed})) ++pushed;
    auto consumer = (*queue)->consumer();
    int item = 0;
    for (int i = 0; i < pushed; ++i) EXPECT_TRUE(consumer.pop(item) && item == i);
    EXPECT_FALSE(consumer.pop(item));
    return pushed == 100;
  });
}

// The directory has eight places after five blocks.
TEST(LaneQueue, ALaneThatWasEmptiedNeedsNoNewBlocks) {
  auto queue = LaneQueue<int, StdAtomics, 4>::create({.lane_capacity = 8, .unbounded = true}).value();
  auto producer = queue->producer().value();
  auto consumer = queue->consumer();
  const auto round = [&] {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(producer.push(i));
    for (int item = 0, i = 0; i < 20; ++i) ASSERT_TRUE(consumer.pop(item) && item == i);
  };
  round();
  const memory::AllocationFault fault(0);
  for (int rounds = 0; rounds < 10; ++rounds) ASSERT_NO_FATAL_FAILURE(round());
  EXPECT_FALSE(fault.hit());
}

TEST(LaneQueue, CapacitiesThatCannotBeAreErrors) {
  EXPECT_EQ(LaneQueue<int>::create({.lane_capacity = 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(LaneQueue<int>::create({.lane_capacity = std::numeric_limits<std::size_t>::max()}).error().code,
            ErrorCode::exhausted);
}

}  // namespace
}  // namespace libabi::sync
