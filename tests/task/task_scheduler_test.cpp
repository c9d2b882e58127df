// Tasks on the workers of a Scheduler.
#include <abi/task/async_generator.hpp>
#include <abi/task/scheduler.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/task_scope.hpp>
#include <abi/task/when_all.hpp>
#include <abi/task/when_any.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Gate;

std::unique_ptr<Scheduler> workers(unsigned threads) { return Scheduler::create({.threads = threads}).value(); }

Task<int> fib(Executor& executor, int n) {
  if (n < 2) co_return n;
  ABI_CO_TRY(auto both, co_await when_all(fib(executor, n - 1), fib(executor, n - 2)));
  co_return std::get<0>(both) + std::get<1>(both);
}

TEST(TaskOnScheduler, ForkAndJoin) {
  const auto scheduler = workers(2);
  EXPECT_EQ(sync_wait(*scheduler, fib(*scheduler, 16)).value(), 987);
}

TEST(TaskOnScheduler, EveryAwaitComesBackToIt) {
  const auto first = workers(1);
  const auto second = workers(1);
  const auto there = []() -> Task<Executor*> { co_return Executor::current(); };
  const auto run = [&]() -> Task<void> {
    for (int i = 0; i < 1000; ++i) {
      ABI_CO_TRY(Executor* const away, co_await on(*second, there()));
      if (away != second.get() || Executor::current() != first.get())
        co_return error(ErrorCode::internal, "round {} ran elsewhere", i);
    }
    co_return {};
  };
  const Result<void> ran = sync_wait(*first, run());
  EXPECT_TRUE(ran) << ran.error().text();
}

TEST(TaskOnScheduler, AScopeOfManyTasksThatYield) {
  const auto scheduler = workers(2);
  std::atomic<int> steps{0};
  const auto step = [&]() -> Task<void> {
    for (int i = 0; i < 10; ++i) {
      ABI_CO_TRY(co_await schedule_on(*scheduler));
      ++steps;
    }
    co_return {};
  };
  const auto run = [&](TaskScope& scope) -> Task<void> {
    for (int i = 0; i < 1000; ++i) ABI_CO_TRY(scope.spawn(step()));
    co_return {};
  };
  EXPECT_TRUE(sync_wait(*scheduler, with_scope(run)));
  EXPECT_EQ(steps, 10'000);
}

// A wait on a worker, for a task that only that worker could run.
TEST(TaskOnScheduler, AWorkerThatSleepsInSyncWaitIsReplaced) {
  const auto scheduler = workers(1);
  const auto give = []() -> Task<int> { co_return 4; };
  const auto outer = [&]() -> Task<int> { co_return sync_wait(*scheduler, give()); };
  EXPECT_EQ(sync_wait(*scheduler, outer()).value(), 4);
}

TEST(TaskOnScheduler, ScopesThatAreStoppedWhileTheyRunEndEveryTask) {
  const auto scheduler = workers(2);
  std::vector<Gate> gates(64);
  std::atomic<int> cancelled{0};
  const auto wait = [&](Gate& gate) -> Task<void> {
    const Result<void> waited = co_await gate.wait();
    if (!waited && waited.error().code == ErrorCode::cancelled) ++cancelled;
    co_return {};
  };
  const auto open = [&](Gate& gate) -> Task<void> {
    gate.open();
    co_return {};
  };
  for (int round = 0; round < 50; ++round) {
    std::vector<Gate> doors(gates.size());
    cancelled = 0;
    TaskScope scope(*scheduler);
    for (Gate& gate : doors) ASSERT_TRUE(scope.spawn(wait(gate)));
    TaskScope openers(*scheduler);
    for (Gate& gate : doors) ASSERT_TRUE(openers.spawn(open(gate)));
    scope.request_stop();
    EXPECT_TRUE(openers.wait());
    (void)scope.wait();
    EXPECT_LE(cancelled, static_cast<int>(doors.size()));
    for (const Gate& gate : doors) EXPECT_FALSE(gate.awaited());
  }
}

TEST(TaskOnScheduler, ADetachedStartIsOverBeforeTheSchedulerIs) {
  std::atomic<int> ended{0};
  {
    const auto scheduler = workers(2);
    const auto hop = [&]() -> Task<void> {
      for (int i = 0; i < 20; ++i) ABI_CO_TRY(co_await schedule_on(*scheduler));
      co_return {};
    };
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(start(*scheduler, hop(), [&](Result<void>) { ++ended; }));
  }
  EXPECT_EQ(ended, 100);
}

}  // namespace
}  // namespace libabi::task
