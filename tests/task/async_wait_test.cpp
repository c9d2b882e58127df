// Semaphores, latches and events; what all awaits have in common is tested with async_mutex and channel.
#include "fiber.hpp"
#include "seed.hpp"

#include "memory/failing_malloc.hpp"

#include <abi/task/async_event.hpp>
#include <abi/task/async_latch.hpp>
#include <abi/task/async_semaphore.hpp>
#include <abi/task/manual_executor.hpp>

#include <gtest/gtest.h>

#include <barrier>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using test::Fiber;

struct Waiting {
  StopSource source;
  Context context{.stop = source.get_token()};
  std::optional<Result<void>> result;
  std::optional<Result<AsyncSemaphore::Permit>> permit;
  std::size_t wanted = 0;
};

template <class Awaited>
Fiber await(Awaited& awaited, Waiting& waiting) {
  waiting.result.emplace(co_await awaited.wait());
}
Fiber acquire(AsyncSemaphore& semaphore, Waiting& waiting) { waiting.permit.emplace(co_await semaphore.acquire(waiting.wanted)); }

// Against a count and a deque of those who wait: acquire, release and stop in any order.
TEST(AsyncSemaphore, ServesInOrderWhateverEachAsksForAndWhoeverIsStopped) {
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 200; ++round) {
    AsyncSemaphore semaphore(random() % 4);
    std::size_t available = semaphore.available();
    std::deque<Waiting> all;
    std::deque<Waiting*> queue;
    std::vector<Waiting*> holders;
    std::vector<Fiber> fibers;
    const auto serve = [&] {
      for (; !queue.empty() && queue.front()->wanted <= available; queue.pop_front()) {
        available -= queue.front()->wanted;
        holders.push_back(queue.front());
      }
    };
    for (int step = 0; step < 200; ++step) {
      const auto choice = random() % 8;
      if (choice < 4) {
        Waiting& waiting = all.emplace_back();
        waiting.wanted = random() % 4;
        queue.push_back(&waiting);
        serve();
        fibers.push_back(acquire(semaphore, waiting));
        fibers.back().start(&waiting.context);
      } else if (choice == 4 && !queue.empty()) {
        const auto stopped = queue.begin() + static_cast<std::ptrdiff_t>(random() % queue.size());
        Waiting& waiting = **stopped;
        queue.erase(stopped);
        serve();
        waiting.source.request_stop();
        ASSERT_EQ(waiting.permit.value().error().code, ErrorCode::cancelled);
      } else if (choice == 5) {
        ++available;
        serve();
        semaphore.release();
      } else if (!holders.empty()) {
        const auto holder = holders.begin() + static_cast<std::ptrdiff_t>(random() % holders.size());
        Waiting& waiting = **holder;
        holders.erase(holder);
        available += waiting.wanted;
        serve();
        ASSERT_EQ(waiting.permit.value().value().count(), waiting.wanted);
        waiting.permit.reset();
      }
      for (Waiting* const holder : holders) ASSERT_TRUE(holder->permit && *holder->permit);
      for (Waiting* const waiting : queue) ASSERT_FALSE(waiting->permit);
      ASSERT_EQ(semaphore.available(), available);
      ASSERT_EQ(semaphore.try_acquire(1).has_value(), queue.empty() && available >= 1);
    }
    for (Waiting* const waiting : queue) waiting->source.request_stop();
    for (const Fiber& fiber : fibers) ASSERT_TRUE(fiber.done());
    all.clear();
  }
}

TEST(AsyncSemaphore, PermitMovesAndIsKeptOrGivenBack) {
  AsyncSemaphore semaphore(3);
  auto two = semaphore.try_acquire(2);
  AsyncSemaphore::Permit moved = *std::move(two);
  two.reset();
  EXPECT_EQ(semaphore.available(), 1u);
  EXPECT_FALSE(semaphore.try_acquire(2));
  moved.release();
  moved.release();
  EXPECT_EQ(semaphore.available(), 3u);
  EXPECT_EQ(semaphore.try_acquire(2)->keep(), 2u);
  EXPECT_EQ(semaphore.available(), 1u) << "used up";
}

TEST(AsyncLatch, LetsAllGoWhenTheLastStepIsMade) {
  ManualExecutor executor(test::seed());
  AsyncLatch latch(3);
  std::deque<Waiting> all(10);
  std::vector<Fiber> fibers;
  for (Waiting& waiting : all) fibers.push_back(await(latch, waiting));
  for (std::size_t i = 0; i < all.size(); ++i) fibers[i].start(&all[i].context, &executor);
  latch.count_down();
  all[4].source.request_stop();
  executor.run_all();
  EXPECT_EQ(all[4].result.value().error().code, ErrorCode::cancelled);
  EXPECT_FALSE(all[3].result);
  {
    const test::FailingMalloc nothing(0);
    latch.count_down(5);
    EXPECT_FALSE(nothing.hit());
  }
  EXPECT_TRUE(latch.done());
  executor.run_all();
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].result.value().has_value(), i != 4);
  Waiting late;
  Fiber fiber = await(latch, late);
  EXPECT_TRUE(fiber.start().done());
}

// The waiter destroys the latch while the thread that made the last step is still on its way out.
TEST(AsyncLatch, MayBeDestroyedAsSoonAsAWaitIsOver) {
  for (int round = 0; round < 500; ++round) {
    auto latch = std::make_unique<AsyncLatch>(2);
    AsyncLatch* const raw = latch.get();
    const auto body = [](std::unique_ptr<AsyncLatch>& owned) -> Fiber {
      EXPECT_TRUE(co_await owned->wait());
      owned.reset();
    };
    Fiber fiber = body(latch);
    const std::jthread other([raw] { raw->count_down(); });
    raw->count_down();
    fiber.start();
    while (!fiber.done()) std::this_thread::yield();
  }
}

TEST(AsyncEvent, ManualLetsAllGoAndStaysSet) {
  AsyncEvent event;
  std::deque<Waiting> all(5);
  std::vector<Fiber> fibers;
  for (Waiting& waiting : all) fibers.push_back(await(event, waiting));
  for (std::size_t i = 0; i < 4; ++i) fibers[i].start(&all[i].context);
  all[1].source.request_stop();
  event.set();
  event.reset();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(all[i].result.value().has_value(), i != 1);
  fibers[4].start(&all[4].context);
  EXPECT_FALSE(all[4].result) << "it was reset";
  event.set();
  EXPECT_TRUE(event.is_set());
  EXPECT_TRUE(all[4].result.value());
}

// Against a flag and a deque.
TEST(AsyncEvent, AutomaticLetsOneGoEachTime) {
  std::mt19937_64 random(test::seed());
  AsyncEvent event(AsyncEvent::Reset::automatic);
  bool set = false;
  std::deque<Waiting> all;
  std::deque<Waiting*> queue;
  std::vector<Fiber> fibers;
  for (int step = 0; step < 5000; ++step) {
    const auto choice = random() % 16;
    if (choice < 7) {
      Waiting& waiting = all.emplace_back();
      fibers.push_back(await(event, waiting));
      fibers.back().start(&waiting.context);
      ASSERT_EQ(waiting.result.has_value(), set);
      if (!set) queue.push_back(&waiting);
      set = false;
    } else if (choice < 14) {
      event.set();
      if (queue.empty()) set = true;
      if (!queue.empty()) {
        ASSERT_TRUE(queue.front()->result.value());
        queue.pop_front();
      }
    } else if (choice == 14) {
      event.reset();
      set = false;
    } else if (!queue.empty()) {
      const auto stopped = queue.begin() + static_cast<std::ptrdiff_t>(random() % queue.size());
      (*stopped)->source.request_stop();
      ASSERT_FALSE((*stopped)->result.value());
      queue.erase(stopped);
    }
    ASSERT_EQ(event.is_set(), set);
    for (Waiting* const waiting : queue) ASSERT_FALSE(waiting->result);
  }
  for (Waiting* const waiting : queue) waiting->source.request_stop();
}

// A stop that comes while the wait is about to begin is not lost.
TEST(AsyncEvent, WaitIsStoppedWhileItBegins) {
  AsyncEvent event;
  for (int round = 0; round < 2000; ++round) {
    Waiting waiting;
    Fiber fiber = await(event, waiting);
    {
      std::barrier together(2);
      const std::jthread stopper([&] {
        together.arrive_and_wait();
        waiting.source.request_stop();
      });
      together.arrive_and_wait();
      fiber.start(&waiting.context);
    }
    ASSERT_TRUE(fiber.done());
    ASSERT_EQ(waiting.result.value().error().code, ErrorCode::cancelled);
  }
}

// set()s and stops race for the same waiters: each waiter ends once, and no set() is lost.
TEST(AsyncEvent, AutomaticLosesNoSetToAStopUnderThreads) {
  for (int round = 0; round < 500; ++round) {
    AsyncEvent event(AsyncEvent::Reset::automatic);
    std::deque<Waiting> all(4);
    std::vector<Fiber> fibers;
    for (Waiting& waiting : all) fibers.push_back(await(event, waiting));
    for (std::size_t i = 0; i < all.size(); ++i) fibers[i].start(&all[i].context);
    {
      const std::jthread setter([&] {
        event.set();
        event.set();
      });
      const std::jthread stopper([&] {
        all[0].source.request_stop();
        all[1].source.request_stop();
      });
    }
    int went = 0;
    for (const Waiting& waiting : all) went += waiting.result && *waiting.result;
    ASSERT_EQ(went, 2) << "of two set()s, with at least two who wait for them";
    all[2].source.request_stop();
    all[3].source.request_stop();
    for (const Fiber& fiber : fibers) ASSERT_TRUE(fiber.done());
  }
}

}  // namespace
}  // namespace libabi::task
