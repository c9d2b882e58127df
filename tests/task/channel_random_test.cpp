// Many senders and receivers at once: on an executor that picks jobs at random, and on threads.
#include <abi/task/channel.hpp>

#include "fiber.hpp"
#include "seed.hpp"

#include <abi/task/manual_executor.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <random>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using test::Fiber;

struct Item {
  int sender = 0;
  int number = 0;
  friend auto operator<=>(const Item&, const Item&) = default;
};
// A shift of a sender or receiver: what it sent (and was accepted) or received, in order.
struct Log {
  StopSource source;
  Context context{.stop = source.get_token()};
  std::vector<Item> items;
  bool stopped = false;
};

Fiber send_all(Channel<Item>& channel, int sender, int count, Log& log) {
  for (int number = 0; number < count; ++number) {
    const Result<void> sent = co_await channel.send({sender, number});
    if (sent) log.items.push_back({sender, number});
    if (!sent) log.stopped = sent.error().code == ErrorCode::cancelled;
    if (!sent) co_return;
  }
}

Fiber receive_all(Channel<Item>& channel, bool in_batches, Log& log) {
  std::array<Item, 5> batch;
  for (;;) {
    if (in_batches) {
      const Result<std::size_t> count = co_await channel.receive_batch(batch);
      log.stopped = !count;
      if (!count || *count == 0) co_return;
      log.items.insert(log.items.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(*count));
    } else {
      const auto item = co_await channel.receive();
      log.stopped = !item;
      if (!item || !*item) co_return;
      log.items.push_back(**item);
    }
  }
}

std::vector<Item> all_of(const std::deque<Log>& logs) {
  std::vector<Item> all;
  for (const Log& log : logs) all.insert(all.end(), log.items.begin(), log.items.end());
  std::ranges::sort(all);
  return all;
}

// Nothing lost, nothing twice; and each receiver got the items of each sender in their order.
void expect_whole(const std::deque<Log>& sent, const std::deque<Log>& received) {
  ASSERT_EQ(all_of(sent), all_of(received));
  for (const Log& log : received) {
    std::map<int, int> last;
    for (const Item& item : log.items) {
      const auto [before, first] = last.try_emplace(item.sender, item.number);
      ASSERT_TRUE(first || before->second < item.number);
      before->second = item.number;
    }
  }
}

std::vector<Item> rest_of(Channel<Item>& channel) {
  std::vector<Item> rest;
  for (auto item = channel.try_receive(); item && *item; item = channel.try_receive()) rest.push_back(**item);
  return rest;
}

TEST(ChannelRandom, LosesAndDoublesNothingOnAnyScheduleWithStopsAndClose) {
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 500; ++round) {
    ManualExecutor executor(random());
    const auto channel = Channel<Item>::create(random() % 5).value();
    const std::size_t senders = 1 + random() % 5;
    const std::size_t receivers = 1 + random() % 5;
    std::deque<Log> sent(senders);
    std::deque<Log> received(receivers);
    std::vector<Fiber> fibers;
    for (std::size_t i = 0; i < senders; ++i) fibers.push_back(send_all(*channel, static_cast<int>(i), 100, sent[i]));
    for (std::size_t i = 0; i < receivers; ++i) fibers.push_back(receive_all(*channel, i % 2 == 1, received[i]));
    for (std::size_t i = 0; i < senders; ++i) fibers[i].start(&sent[i].context, &executor);
    for (std::size_t i = 0; i < receivers; ++i) fibers[senders + i].start(&received[i].context, &executor);
    const auto close_at = random() % 1000;
    const auto stop_rate = 20 + random() % 2000;
    for (std::uint64_t step = 0; executor.run_one(); ++step) {
      if (step == close_at) channel->close();
      if (random() % stop_rate == 0) sent[random() % senders].source.request_stop();
      if (random() % stop_rate == 0) received[random() % receivers].source.request_stop();
    }
    channel->close();
    executor.run_all();
    for (const Fiber& fiber : fibers) ASSERT_TRUE(fiber.done()) << "round " << round;
    received.emplace_back().items = rest_of(*channel);
    expect_whole(sent, received);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Coroutines without executor, which wander between the threads that resume them.
TEST(ChannelRandom, LosesAndDoublesNothingUnderThreadsAndStops) {
  std::mt19937_64 random(test::seed());
  for (const std::size_t capacity : {0u, 1u, 16u}) {
    const auto channel = Channel<Item>::create(capacity).value();
    std::deque<Log> sent(8);
    std::deque<Log> received(6);
    std::vector<Fiber> senders;
    std::vector<Fiber> receivers;
    for (std::size_t i = 0; i < sent.size(); ++i) senders.push_back(send_all(*channel, static_cast<int>(i), 2000, sent[i]));
    for (std::size_t i = 0; i < received.size(); ++i) receivers.push_back(receive_all(*channel, i % 2 == 1, received[i]));
    {
      std::vector<std::jthread> threads;
      for (std::size_t half = 0; half < 2; ++half) {
        threads.emplace_back([&, half] {
          for (std::size_t i = half; i < sent.size(); i += 2) senders[i].start(&sent[i].context);
        });
        threads.emplace_back([&, half] {
          for (std::size_t i = half; i < received.size(); i += 2) receivers[i].start(&received[i].context);
        });
      }
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < 4; ++i) sent[i].source.request_stop(), std::this_thread::yield();
        for (std::size_t i = 0; i < 3; ++i) received[i].source.request_stop(), std::this_thread::yield();
      });
    }
    channel->close();
    for (const Fiber& fiber : senders) ASSERT_TRUE(fiber.done());
    for (const Fiber& fiber : receivers) ASSERT_TRUE(fiber.done());
    received.emplace_back().items = rest_of(*channel);
    expect_whole(sent, received);
  }
}

TEST(ChannelRandom, ThreadsSendAndReceiveByBlocking) {
  const auto channel = Channel<Item>::create(3).value();
  std::deque<Log> sent(3);
  std::deque<Log> received(3);
  {
    std::vector<std::jthread> receivers;
    for (Log& log : received)
      receivers.emplace_back([&] {
        while (const auto item = channel->receive_blocking().value()) log.items.push_back(*item);
      });
    {
      std::vector<std::jthread> senders;
      for (std::size_t i = 0; i < sent.size(); ++i)
        senders.emplace_back([&, i] {
          for (int number = 0; number < 2000; ++number) {
            const Item item{static_cast<int>(i), number};
            EXPECT_TRUE(channel->send_blocking(item));
            sent[i].items.push_back(item);
          }
        });
    }
    channel->close();
  }
  expect_whole(sent, received);
}

// The only worker blocks for what another job of the same scheduler sends.
TEST(ChannelRandom, BlockedWorkerHasAStandIn) {
  const auto scheduler = Scheduler::create({.threads = 1}).value();
  const auto channel = Channel<Item>::create(0).value();
  struct SendJob : Job {
    Channel<Item>* channel;
  } job;
  job.channel = channel.get();
  job.run = [](Job& self) noexcept { EXPECT_TRUE(static_cast<SendJob&>(self).channel->send_blocking({1, 7})); };
  const auto received = scheduler->run([&] {
    scheduler->submit(job);
    return channel->receive_blocking().value()->number;
  });
  EXPECT_EQ(received.value(), 7);
}

TEST(ChannelRandom, BlockedThreadIsStopped) {
  const auto channel = Channel<Item>::create(0).value();
  std::jthread sender([&](const std::stop_token& stop) {
    const auto sent = channel->send_blocking({1, 1}, stop);
    EXPECT_EQ(sent.error().code, ErrorCode::cancelled);
  });
  sender.request_stop();
  sender.join();
  std::jthread receiver([&] { EXPECT_FALSE(channel->receive_blocking().value()) << "the end"; });
  channel->close();
  receiver.join();
  EXPECT_EQ(channel->send_blocking({1, 2}).error().code, ErrorCode::failed_precondition);
}

}  // namespace
}  // namespace libabi::task
