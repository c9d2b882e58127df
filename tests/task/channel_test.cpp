#include <abi/task/channel.hpp>

#include "fiber.hpp"

#include "memory/failing_malloc.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace libabi::task {
namespace {

using test::Fiber;
using Item = std::unique_ptr<int>;  // move-only, and a leak or a second owner would be seen

Item item(int value) { return std::make_unique<int>(value); }

template <class T = Item>
std::unique_ptr<Channel<T>> channel_of(std::size_t capacity) {
  return Channel<T>::create(capacity).value();
}

TEST(Channel, IsAnErrorWithoutMemoryAndForASizeThatIsNone) {
  for (std::uint64_t n = 0;; ++n) {
    std::optional<Result<std::unique_ptr<Channel<Item>>>> made;
    bool hit = false;
    {
      const test::FailingMalloc fault(n);
      made.emplace(Channel<Item>::create(100));
      hit = fault.hit();
    }
    if (!hit) break;
    ASSERT_FALSE(*made);
    EXPECT_EQ(made->error().code, ErrorCode::exhausted);
  }
  const auto huge = Channel<Item>::create(std::numeric_limits<std::size_t>::max() / 2);
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, ErrorCode::exhausted);
}

TEST(Channel, DestroysTheItemsThatNobodyReceived) {
  const auto value = std::make_shared<int>(1);
  {
    const auto channel = channel_of<std::shared_ptr<int>>(4);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(channel->try_send(std::shared_ptr(value)).value());
    channel->close();
    EXPECT_EQ(value.use_count(), 4);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST(Channel, SendByValueOwnsTheItem) {
  const auto channel = channel_of(0);
  std::optional<Result<void>> sent;
  const auto body = [](Channel<Item>& out, std::optional<Result<void>>& result) -> Fiber {
    auto send = out.send(item(7));
    auto moved = std::move(send);  // before it is awaited
    result.emplace(co_await moved);
  };
  Fiber fiber = body(*channel, sent);
  fiber.start();
  EXPECT_FALSE(sent);
  EXPECT_EQ(**channel->try_receive().value(), 7);
  EXPECT_TRUE(sent && *sent);
}

TEST(Channel, BatchThatWaitsGetsTheNextItemAndTheEnd) {
  const auto channel = channel_of(2);
  std::array<Item, 8> into;
  std::vector<std::size_t> counts;
  const auto body = [](Channel<Item>& in, std::span<Item> some, std::vector<std::size_t>& got) -> Fiber {
    for (;;) {
      got.push_back((co_await in.receive_batch(some)).value());
      if (got.back() == 0) co_return;
    }
  };
  Fiber fiber = body(*channel, into, counts);
  fiber.start();
  EXPECT_TRUE(counts.empty());
  EXPECT_TRUE(channel->try_send(item(1)).value());
  EXPECT_EQ(counts, (std::vector<std::size_t>{1}));
  EXPECT_EQ(*into[0], 1);
  channel->close();
  EXPECT_EQ(counts, (std::vector<std::size_t>{1, 0}));
  EXPECT_TRUE(fiber.done());
}

Fiber produce(Channel<int>& channel, int count) {
  for (int i = 0; i < count; ++i) EXPECT_TRUE(co_await channel.send(i));
  channel.close();
}
Fiber consume(Channel<int>& channel, long& sum) {
  while (auto next = (co_await channel.receive()).value()) sum += *next;
}

// Producer and consumer resume each other inline: constant stack, and nothing allocates.
TEST(Channel, PassesAMillionItemsWithoutMemoryOrStack) {
  for (const std::size_t capacity : {0u, 1u, 7u}) {
    const auto channel = channel_of<int>(capacity);
    long sum = 0;
    Fiber producer = produce(*channel, 1'000'000);
    Fiber consumer = consume(*channel, sum);
    const test::FailingMalloc nothing(0);
    consumer.start();
    producer.start();
    EXPECT_FALSE(nothing.hit());
    EXPECT_TRUE(producer.done() && consumer.done());
    EXPECT_EQ(sum, 499'999'500'000);
  }
}

}  // namespace
}  // namespace libabi::task
