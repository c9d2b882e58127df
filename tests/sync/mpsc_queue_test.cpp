#include <abi/sync/inbox.hpp>
#include <abi/sync/mpsc_queue.hpp>

#include "sync/together.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace libabi::sync {
namespace {

struct Event : MpscHook<> {
  std::uint32_t number = 0;
};
struct Letter {
  Letter* next = nullptr;
  std::uint32_t number = 0;
};

TEST(MpscQueue, KeepsTheOrderAndTakesAnItemAgainAtOnce) {
  MpscQueue<Event> queue;
  std::array<Event, 3> events;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pop(), nullptr);
  for (int round = 0; round < 4; ++round) {
    for (Event& event : events) queue.push(event);
    EXPECT_FALSE(queue.empty());
    EXPECT_EQ(queue.pop(), &events[0]);
    queue.push(events[0]);
    EXPECT_EQ(queue.pop(), &events[1]);
    EXPECT_EQ(queue.pop(), &events[2]);
    EXPECT_EQ(queue.pop(), &events[0]);
    EXPECT_EQ(queue.pop(), nullptr);
    EXPECT_TRUE(queue.empty());
  }
}

TEST(MpscQueue, EveryItemComesOutOnceAndInTheOrderOfItsProducer) {
  constexpr unsigned kProducers = 3;
  constexpr std::uint32_t kItems = 20000;
  std::vector<Event> events(kProducers * kItems);
  MpscQueue<Event> queue;
  test::together(kProducers + 1, [&](unsigned index) {
    if (index < kProducers) {
      for (std::uint32_t i = 0; i < kItems; ++i) {
        events[index * kItems + i].number = index * kItems + i;
        queue.push(events[index * kItems + i]);
      }
      return;
    }
    std::array<std::uint32_t, kProducers> next{};
    for (std::uint32_t left = kProducers * kItems; left != 0;) {
      const Event* const event = queue.pop();
      if (!event) {
        std::this_thread::yield();
        continue;
      }
      ASSERT_EQ(event->number % kItems, next[event->number / kItems]++);
      --left;
    }
  });
  EXPECT_TRUE(queue.empty());
}

TEST(Inbox, GivesAllThatCameInTheOrderInWhichItCame) {
  Inbox<Letter> inbox;
  std::array<Letter, 3> letters;
  EXPECT_EQ(inbox.take_all(), nullptr);
  EXPECT_TRUE(inbox.push(letters[0])) << "it was empty";
  EXPECT_FALSE(inbox.push(letters[1]));
  EXPECT_FALSE(inbox.push(letters[2]));
  Letter* letter = inbox.take_all();
  for (Letter& expected : letters) {
    ASSERT_EQ(letter, &expected);
    letter = letter->next;
  }
  EXPECT_EQ(letter, nullptr);
  EXPECT_TRUE(inbox.empty_hint());
}

TEST(Inbox, EveryItemIsTakenOnceByOneOfTwo) {
  constexpr unsigned kProducers = 2;
  constexpr std::uint32_t kItems = 20000;
  std::vector<Letter> letters(kProducers * kItems);
  std::vector<std::atomic<std::uint8_t>> taken(letters.size());
  std::atomic<std::uint32_t> left{static_cast<std::uint32_t>(letters.size())};
  Inbox<Letter> inbox;
  test::together(kProducers + 2, [&](unsigned index) {
    if (index < kProducers) {
      for (std::uint32_t i = 0; i < kItems; ++i) {
        letters[index * kItems + i].number = index * kItems + i;
        inbox.push(letters[index * kItems + i]);
      }
      return;
    }
    while (left.load() != 0) {
      std::array<std::uint32_t, kProducers> next{};
      std::uint32_t count = 0;
      for (const Letter* letter = inbox.take_all(); letter; letter = letter->next, ++count) {
        const std::uint32_t producer = letter->number / kItems;
        ASSERT_GE(letter->number % kItems + 1, next[producer] + 1);
        next[producer] = letter->number % kItems + 1;
        taken[letter->number].fetch_add(1, std::memory_order_relaxed);
      }
      left.fetch_sub(count);
      if (count == 0) std::this_thread::yield();
    }
  });
  for (std::size_t i = 0; i < taken.size(); ++i) ASSERT_EQ(taken[i].load(), 1) << "item " << i;
}

}  // namespace
}  // namespace libabi::sync
