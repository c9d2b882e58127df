#include <abi/task/task_scope.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>

#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Gate;
using test::Queue;
using test::Tracked;
using test::Worker;

Task<void> add(int& sum, int value) {
  sum += value;
  co_return {};
}
Task<void> fail() { co_return error(ErrorCode::corrupt, "torn"); }
Task<int> throws() {
  throw std::runtime_error("thrown");
  co_return 0;
}
Task<void> watch(Gate& gate, ErrorCode& code) {
  const Result<void> waited = co_await gate.wait();
  code = waited ? ErrorCode::ok : waited.error().code;
  co_return waited;
}

TEST(TaskScope, WaitsForAllOfItsTasks) {
  int sum = 0;
  const auto run = [&](TaskScope& scope) -> Task<void> {
    for (int i = 1; i <= 100; ++i) ABI_CO_TRY(scope.spawn(add(sum, i)));
    co_return {};
  };
  EXPECT_TRUE(sync_wait(with_scope(run)));
  EXPECT_EQ(sum, 5050);
}

TEST(TaskScope, ATaskMaySpawnMore) {
  std::atomic<int> leaves{0};
  struct Tree {
    static Task<void> grow(TaskScope& scope, int depth, std::atomic<int>& count) {
      if (depth == 0) {
        ++count;
        co_return {};
      }
      ABI_CO_TRY(scope.spawn(grow(scope, depth - 1, count)));
      co_return scope.spawn(grow(scope, depth - 1, count));
    }
  };
  Worker worker;
  TaskScope scope(worker.executor());
  ASSERT_TRUE(scope.spawn(Tree::grow(scope, 10, leaves)));
  EXPECT_TRUE(scope.wait());
  EXPECT_EQ(leaves, 1024);
}

TEST(TaskScope, TheFirstErrorStopsTheRest) {
  Gate gate;
  ErrorCode seen = ErrorCode::ok;
  bool ran = false;
  const auto late = [&]() -> Task<void> {
    ran = true;
    co_return {};
  };
  const auto run = [&](TaskScope& scope) -> Task<void> {
    ABI_CO_TRY(scope.spawn(watch(gate, seen)));
    ABI_CO_TRY(scope.spawn(fail()));
    ABI_CO_TRY(scope.spawn(throws()));
    ABI_CO_TRY(scope.spawn(late()));
    co_return {};
  };
  EXPECT_EQ(sync_wait(with_scope(run)).error().code, ErrorCode::corrupt);
  EXPECT_EQ(seen, ErrorCode::cancelled);
  EXPECT_FALSE(ran);
}

TEST(TaskScope, WithGoOnTheRestRunToTheirEnds) {
  int sum = 0;
  const auto run = [&](TaskScope& scope) -> Task<void> {
    ABI_CO_TRY(scope.spawn(throws()));
    ABI_CO_TRY(scope.spawn(add(sum, 1)));
    ABI_CO_TRY(scope.spawn(fail()));
    ABI_CO_TRY(scope.spawn(add(sum, 2)));
    co_return {};
  };
  EXPECT_EQ(sync_wait(with_scope(run, {.on_error = OnError::go_on})).error().message, "thrown");
  EXPECT_EQ(sum, 3);
}

TEST(TaskScope, AnErrorOfTheBodyStopsTheTasksAndOneOfATaskStopsTheBody) {
  Gate gate;
  ErrorCode seen = ErrorCode::ok;
  const auto body_fails = [&](TaskScope& scope) -> Task<void> {
    ABI_CO_TRY(scope.spawn(watch(gate, seen)));
    while (!gate.awaited()) ABI_CO_TRY(co_await schedule_on(*(co_await current_place()).executor));
    co_return error(ErrorCode::aborted, "enough");
  };
  EXPECT_EQ(sync_wait(with_scope(body_fails)).error().code, ErrorCode::aborted);
  EXPECT_EQ(seen, ErrorCode::cancelled);
  seen = ErrorCode::ok;
  const auto task_fails = [&](TaskScope& scope) -> Task<void> {
    ABI_CO_TRY(scope.spawn(fail()));
    co_return co_await watch(gate, seen);
  };
  EXPECT_EQ(sync_wait(with_scope(task_fails)).error().code, ErrorCode::corrupt);
}

TEST(TaskScope, ABodyThatThrowsStillWaits) {
  int sum = 0;
  Queue queue;
  std::optional<Result<void>> done;
  const auto run = [&](TaskScope& scope) -> Task<void> {
    if (!scope.spawn(queue, add(sum, 1))) ADD_FAILURE();
    throw std::runtime_error("not even a coroutine");
  };
  ASSERT_TRUE(start(queue, with_scope(run), [&](Result<void> result) { done = std::move(result); }));
  queue.run_all();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error().message, "not even a coroutine");
}

TEST(TaskScope, AStopFromAboveReachesItsTasks) {
  Queue queue;
  StopSource source;
  Gate gate;
  ErrorCode seen = ErrorCode::ok;
  std::optional<Result<void>> done;
  const auto run = [&](TaskScope& scope) -> Task<void> { co_return scope.spawn(watch(gate, seen)); };
  ASSERT_TRUE(
      start(queue, with_scope(run), [&](Result<void> result) { done = std::move(result); }, {.stop = source.get_token()}));
  queue.run_all();
  EXPECT_FALSE(done);
  source.request_stop();
  queue.run_all();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error().code, ErrorCode::cancelled);
  EXPECT_EQ(seen, ErrorCode::cancelled);
}

// Without executors whoever waits for the scope goes on, and destroys it, inside the call that stops it.
TEST(TaskScope, MayEndInsideTheStopThatEndsIt) {
  Gate gate;
  ErrorCode seen = ErrorCode::ok;
  auto scope = std::make_unique<TaskScope>();
  TaskScope& stopped = *scope;
  std::optional<Result<void>> done;
  struct Inline final : Executor {
    void submit(Job& job) noexcept override { job.run(job); }
  } here;
  const auto join = [&](std::unique_ptr<TaskScope> owned) -> Task<void> {
    ABI_CO_TRY(owned->spawn(Place{}, watch(gate, seen)));
    const Result<void> joined = co_await owned->join();
    owned.reset();
    co_return joined;
  };
  ASSERT_TRUE(start(here, join(std::move(scope)), [&](Result<void> result) { done = std::move(result); }));
  EXPECT_TRUE(gate.awaited());
  stopped.request_stop();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error().code, ErrorCode::cancelled);
}

TEST(TaskScope, DestroyedWithTasksPendingStopsThemAndWaits) {
  Worker worker;
  Gate gate;
  ErrorCode seen = ErrorCode::ok;
  int alive = 0;
  {
    TaskScope scope(worker.executor());
    const auto hold = [&](Tracked tracked) -> Task<void> {
      ABI_CO_TRY(co_await watch(gate, seen));
      co_return error(ErrorCode::internal, "{} are alive", *tracked.alive);
    };
    ASSERT_TRUE(scope.spawn(hold(Tracked(alive))));
    while (!gate.awaited()) std::this_thread::yield();
  }
  EXPECT_EQ(seen, ErrorCode::cancelled);
  EXPECT_EQ(alive, 0);
  {
    const TaskScope nothing_was_spawned(worker.executor());
  }
}

TEST(TaskScope, CanBeUsedAgainAfterItWasJoined) {
  int sum = 0;
  TaskScope scope;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(scope.spawn(add(sum, 1)));
    EXPECT_TRUE(scope.wait());
  }
  EXPECT_EQ(sum, 3);
  ASSERT_TRUE(scope.spawn(fail()));
  EXPECT_EQ(scope.wait().error().code, ErrorCode::corrupt);
  EXPECT_TRUE(scope.wait()) << "an error is given once";
  ASSERT_TRUE(scope.spawn(add(sum, 1)));
  EXPECT_EQ(scope.wait().error().code, ErrorCode::cancelled) << "it was stopped";
  EXPECT_EQ(sum, 3);
}

TEST(TaskScope, AnEmptyTaskIsAnErrorOfSpawn) {
  TaskScope scope;
  EXPECT_EQ(scope.spawn(Task<int>()).error().code, ErrorCode::failed_precondition);
  EXPECT_TRUE(scope.wait());
}

TEST(TaskScope, JobsHaveThePriorityTheyWereSpawnedWith) {
  Queue queue;
  int sum = 0;
  TaskScope scope(Place{&queue, Priority::low});
  ASSERT_TRUE(scope.spawn(add(sum, 1)));
  ASSERT_TRUE(scope.spawn(queue, add(sum, 1), Priority::high));
  queue.run_all();
  EXPECT_EQ(queue.priorities, (std::vector{Priority::low, Priority::high}));
  EXPECT_TRUE(scope.wait());
}

TEST(TaskScope, SpawnsFromManyThreadsAreAllWaitedFor) {
  constexpr int spawners = 2;
  constexpr int each = 2000;
  Worker workers[2];
  std::atomic<int> count{0};
  const auto tick = [&]() -> Task<void> {
    ++count;
    co_return {};
  };
  TaskScope scope;
  const auto spawner = [&](Executor& executor) -> Task<void> {
    for (int i = 0; i < each; ++i) ABI_CO_TRY(scope.spawn(executor, tick()));
    co_return {};
  };
  for (int i = 0; i < spawners; ++i) ASSERT_TRUE(scope.spawn(workers[i].executor(), spawner(workers[1 - i].executor())));
  EXPECT_TRUE(scope.wait());
  EXPECT_EQ(count, spawners * each);
}

}  // namespace
}  // namespace libabi::task
