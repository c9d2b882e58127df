#include "fiber.hpp"
#include "seed.hpp"

#include "memory/failing_malloc.hpp"

#include <abi/task/async_mutex.hpp>
#include <abi/task/manual_executor.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using test::Fiber;

// Takes the mutex, notes it, holds it until told to go on, and gives it back.
struct Holder {
  int id = 0;
  StopSource source;
  Context context{.stop = source.get_token()};
  std::optional<Result<AsyncMutex::Guard>> guard;
};

Fiber hold(AsyncMutex& mutex, Holder& holder, std::vector<int>& order) {
  holder.guard.emplace(co_await mutex.lock());
  if (*holder.guard) order.push_back(holder.id);
}

TEST(AsyncMutex, IsTakenWithoutSuspensionWhereItIsFree) {
  AsyncMutex mutex;
  std::vector<int> order;
  Holder holder;
  Fiber fiber = hold(mutex, holder, order);
  EXPECT_TRUE(fiber.start().done());
  EXPECT_FALSE(mutex.try_lock());
  holder.guard.reset();
  EXPECT_TRUE(mutex.try_lock());
  EXPECT_TRUE(mutex.try_lock()) << "the guard of the line before has ended";
}

TEST(AsyncMutex, GuardMovesAndEndsOnce) {
  AsyncMutex mutex;
  std::optional<AsyncMutex::Guard> guard = mutex.try_lock();
  AsyncMutex::Guard other = *std::move(guard);
  guard.reset();
  EXPECT_FALSE(mutex.try_lock());
  other.unlock();
  other.unlock();
  EXPECT_TRUE(mutex.try_lock());
}

// Any number of waiters, cancelled and served in any order, against a deque: who holds it is always the model's first.
TEST(AsyncMutex, GoesToTheWaitersInTheirOrderWhoeverIsCancelled) {
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 300; ++round) {
    ManualExecutor executor(random());
    AsyncMutex mutex;
    std::deque<Holder> holders(20);
    std::vector<Fiber> fibers;
    std::vector<int> order;
    std::vector<int> expected;
    std::deque<int> model;  // the holder and those who wait
    std::size_t begun = 0;
    while (begun < holders.size() || !model.empty()) {
      const auto choice = random() % 3;
      if (choice == 0 && begun < holders.size()) {
        Holder& holder = holders[begun];
        holder.id = static_cast<int>(begun++);
        fibers.push_back(hold(mutex, holder, order));
        fibers.back().start(&holder.context, &executor);
        model.push_back(holder.id);
        if (model.size() == 1) expected.push_back(holder.id);
      } else if (choice == 1 && model.size() > 1) {  // one that waits is stopped
        const std::size_t which = 1 + random() % (model.size() - 1);
        Holder& holder = holders[static_cast<std::size_t>(model[which])];
        model.erase(model.begin() + static_cast<std::ptrdiff_t>(which));
        holder.source.request_stop();
        executor.run_all();
        ASSERT_TRUE(holder.guard && !*holder.guard);
        ASSERT_EQ(holder.guard->error().code, ErrorCode::cancelled);
      } else if (choice == 2 && !model.empty()) {
        executor.run_all();
        ASSERT_TRUE(holders[static_cast<std::size_t>(model[0])].guard);
        holders[static_cast<std::size_t>(model[0])].guard.reset();
        model.pop_front();
        if (!model.empty()) expected.push_back(model[0]);
        ASSERT_EQ(mutex.try_lock().has_value(), model.empty()) << "nobody overtakes those who wait";
      }
    }
    executor.run_all();
    ASSERT_EQ(order, expected);
    for (const Fiber& fiber : fibers) ASSERT_TRUE(fiber.done());
  }
}

TEST(AsyncMutex, StopThatComesAfterTheMutexWasGivenTakesNothingBack) {
  ManualExecutor executor(1);
  AsyncMutex mutex;
  std::vector<int> order;
  Holder holder;
  auto first = mutex.try_lock();
  Fiber fiber = hold(mutex, holder, order);
  fiber.start(&holder.context, &executor);
  first.reset();  // given to the fiber, whose job has not run yet
  holder.source.request_stop();
  EXPECT_FALSE(mutex.try_lock());
  executor.run_all();
  ASSERT_TRUE(holder.guard);
  EXPECT_TRUE(holder.guard->has_value()) << "given, not cancelled";
  holder.guard.reset();
  EXPECT_TRUE(mutex.try_lock());
}

TEST(AsyncMutex, IsNotTakenByACoroutineThatIsStopped) {
  AsyncMutex mutex;
  std::vector<int> order;
  Holder holder;
  holder.source.request_stop();
  Fiber fiber = hold(mutex, holder, order);
  EXPECT_TRUE(fiber.start(&holder.context).done());
  EXPECT_FALSE(*holder.guard);
  EXPECT_TRUE(mutex.try_lock());
}

Fiber lock_and_leave(AsyncMutex& mutex, int& count) {
  const auto guard = co_await mutex.lock();
  ++count;
}

// Without an executor each is resumed inline in the unlock of the one before.
TEST(AsyncMutex, ChainOfUnlocksTakesConstantStackWithoutAnExecutor) {
  constexpr int waiters = 200'000;
  AsyncMutex mutex;
  int count = 0;
  std::vector<Fiber> fibers;
  auto first = mutex.try_lock();
  for (int i = 0; i < waiters; ++i) fibers.push_back(lock_and_leave(mutex, count));
  for (Fiber& fiber : fibers) fiber.start();
  EXPECT_EQ(count, 0);
  {
    const test::FailingMalloc nothing(0);
    first.reset();
    EXPECT_FALSE(nothing.hit()) << "nothing allocates";
  }
  EXPECT_EQ(count, waiters);
}

Fiber lock_and_destroy(std::unique_ptr<AsyncMutex>& mutex) {
  {
    const auto guard = co_await mutex->lock();
  }
  mutex.reset();
}

TEST(AsyncMutex, MayBeDestroyedByTheLastHolder) {
  auto mutex = std::make_unique<AsyncMutex>();
  auto first = mutex->try_lock();
  Fiber fiber = lock_and_destroy(mutex);
  fiber.start();
  first.reset();
  EXPECT_TRUE(fiber.done());
  EXPECT_EQ(mutex, nullptr);
}

Fiber count_up(AsyncMutex& mutex, int rounds, long& counter, std::atomic<int>& cancelled) {
  for (int i = 0; i < rounds; ++i) {
    const auto guard = co_await mutex.lock();
    if (guard)
      ++counter;  // plain: only the mutex orders it
    else
      ++cancelled;
  }
}

// Each thread runs coroutines without an executor, which so wander from thread to thread; another stops some of them.
TEST(AsyncMutex, ExcludesOneAnotherUnderThreadsAndStops) {
  constexpr int threads = 3;
  constexpr int each = 8;
  constexpr int rounds = 3000;
  AsyncMutex mutex;
  long counter = 0;
  std::atomic<int> cancelled = 0;
  std::vector<Fiber> fibers;
  std::deque<StopSource> sources(threads * each);
  std::deque<Context> contexts;
  for (StopSource& source : sources) {
    contexts.push_back({.stop = source.get_token()});
    fibers.push_back(count_up(mutex, rounds, counter, cancelled));
  }
  {
    std::vector<std::jthread> runners;
    for (std::size_t thread = 0; thread < threads; ++thread)
      runners.emplace_back([&, thread] {
        for (std::size_t i = 0; i < each; ++i) fibers[thread * each + i].start(&contexts[thread * each + i]);
      });
    runners.emplace_back([&] {
      for (std::size_t i = 0; i < sources.size(); i += 2) sources[i].request_stop();
    });
  }
  for (const Fiber& fiber : fibers) ASSERT_TRUE(fiber.done());
  EXPECT_EQ(counter + cancelled, threads * each * rounds);
  EXPECT_GE(counter, threads * each / 2 * rounds);
}

}  // namespace
}  // namespace libabi::task
