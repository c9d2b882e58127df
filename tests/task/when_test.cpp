#include <abi/task/when_all.hpp>
#include <abi/task/when_any.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Gate;
using test::Queue;
using test::Tracked;
using test::Worker;

Task<int> give(int value) { co_return value; }
Task<std::string> text(std::string value) { co_return value; }
Task<void> nothing() { co_return {}; }
Task<int> fail() { co_return error(ErrorCode::corrupt, "torn"); }
Task<int> throws() {
  throw std::runtime_error("thrown");
  co_return 0;
}
// Ends with the value when the gate opens.
Task<int> after(Gate& gate, int value) {
  ABI_CO_TRY(co_await gate.wait());
  co_return value;
}
// How the wait ended.
Task<int> watch(Gate& gate, ErrorCode& code) {
  const Result<void> waited = co_await gate.wait();
  code = waited ? ErrorCode::ok : waited.error().code;
  ABI_CO_TRY(waited);
  co_return 0;
}

TEST(WhenAll, GivesAllValuesInOrder) {
  const auto all = sync_wait(when_all(give(1), text("two"), nothing()));
  EXPECT_EQ(std::get<0>(all.value()), 1);
  EXPECT_EQ(std::get<1>(all.value()), "two");
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(give(i));
  const auto values = sync_wait(when_all(std::move(tasks))).value();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
  EXPECT_TRUE(sync_wait(when_all(std::vector<Task<int>>())).value().empty());
  std::vector<Task<void>> voids;
  voids.push_back(nothing());
  EXPECT_TRUE(sync_wait(when_all(std::move(voids))));
}

TEST(WhenAll, MoveOnlyValuesComeThrough) {
  const auto make = [](int value) -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
  auto all = sync_wait(when_all(make(3), make(4))).value();
  EXPECT_EQ(*std::get<0>(all) + *std::get<1>(all), 7);
}

TEST(WhenAll, TheTasksWaitSideBySide) {
  Queue queue;
  Gate gates[3];
  Result<int> sum = 0;
  const auto add = [&]() -> Task<int> {
    ABI_CO_TRY(auto all, co_await when_all(after(gates[0], 1), after(gates[1], 2), after(gates[2], 3)));
    co_return std::get<0>(all) * 100 + std::get<1>(all) * 10 + std::get<2>(all);
  };
  ASSERT_TRUE(start(queue, add(), [&](Result<int> result) { sum = std::move(result); }));
  queue.run_all();
  for (const int i : {2, 0, 1}) {
    EXPECT_TRUE(gates[i].awaited());
    EXPECT_EQ(sum.value(), 0);
    gates[i].open();
    queue.run_all();
  }
  EXPECT_EQ(sum.value(), 123);
}

TEST(WhenAll, TheFirstErrorStopsTheRestAndComesBackWhenTheyHaveEnded) {
  Gate gate;
  ErrorCode seen = ErrorCode::ok;
  const auto all = sync_wait(when_all(watch(gate, seen), fail(), throws()));
  EXPECT_EQ(all.error().code, ErrorCode::corrupt);
  EXPECT_EQ(seen, ErrorCode::cancelled);
  EXPECT_FALSE(gate.awaited());
  EXPECT_EQ(sync_wait(when_all(throws(), give(1))).error().message, "thrown");
}

TEST(WhenAll, TasksThatHaveNotBegunDoNot) {
  bool ran = false;
  const auto run = [&]() -> Task<int> {
    ran = true;
    co_return 0;
  };
  std::vector<Task<int>> tasks;
  tasks.push_back(fail());
  tasks.push_back(run());
  EXPECT_EQ(sync_wait(when_all(std::move(tasks))).error().code, ErrorCode::corrupt);
  EXPECT_FALSE(ran);
}

TEST(WhenAll, AStopFromAboveReachesEveryTask) {
  Queue queue;
  StopSource source;
  Gate gates[2];
  ErrorCode seen[2] = {ErrorCode::ok, ErrorCode::ok};
  std::optional<ErrorCode> done;
  const auto wait = [&]() -> Task<void> {
    ABI_CO_TRY(co_await when_all(watch(gates[0], seen[0]), watch(gates[1], seen[1])));
    co_return {};
  };
  ASSERT_TRUE(start(queue, wait(), [&](Result<void> result) { done = result.error().code; }, {.stop = source.get_token()}));
  queue.run_all();
  source.request_stop();
  queue.run_all();
  EXPECT_EQ(done, ErrorCode::cancelled);
  EXPECT_EQ(seen[0], ErrorCode::cancelled);
  EXPECT_EQ(seen[1], ErrorCode::cancelled);
}

TEST(WhenAll, NeverAwaitedDestroysItsTasks) {
  int alive = 0;
  const auto hold = [](Tracked tracked) -> Task<int> { co_return *tracked.alive; };
  {
    const auto never = when_all(hold(Tracked(alive)), hold(Tracked(alive)));
  }
  EXPECT_EQ(alive, 0);
}

TEST(WhenAll, TasksOnOtherThreadsComeTogetherAtHome) {
  Worker first;
  Worker second;
  const auto where = []() -> Task<std::thread::id> { co_return std::this_thread::get_id(); };
  const auto run = [&]() -> Task<bool> {
    const std::thread::id home = std::this_thread::get_id();
    for (int i = 0; i < 200; ++i) {
      ABI_CO_TRY(auto ids, co_await when_all(on(first.executor(), where()), on(second.executor(), where())));
      if (std::get<0>(ids) != first.id() || std::get<1>(ids) != second.id()) co_return false;
      if (std::this_thread::get_id() != home) co_return false;
    }
    co_return true;
  };
  EXPECT_TRUE(sync_wait(run()).value());
}

TEST(WhenAny, GivesTheFirstAndStopsTheOthers) {
  Gate gate;
  ErrorCode seen = ErrorCode::ok;
  const auto any = sync_wait(when_any(watch(gate, seen), text("first"))).value();
  EXPECT_EQ(any.index(), 1u);
  EXPECT_EQ(std::get<1>(any), "first");
  EXPECT_EQ(seen, ErrorCode::cancelled);
}

TEST(WhenAny, OfAVectorSaysWhich) {
  Queue queue;
  std::vector<Gate> gates(5);
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(after(gates[static_cast<std::size_t>(i)], 10 * i));
  std::optional<Result<First<int>>> first;
  ASSERT_TRUE(start(queue, when_any(std::move(tasks)), [&](Result<First<int>> result) { first = std::move(result); }));
  queue.run_all();
  EXPECT_FALSE(first);
  gates[3].open();
  queue.run_all();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->value().index, 3u);
  EXPECT_EQ(first->value().value, 30);
  for (const Gate& gate : gates) EXPECT_FALSE(gate.awaited());
}

TEST(WhenAny, AnErrorMayBeFirst) {
  Gate gate;
  EXPECT_EQ(sync_wait(when_any(after(gate, 1), throws())).error().message, "thrown");
  EXPECT_EQ(sync_wait(when_any(fail(), after(gate, 1))).error().code, ErrorCode::corrupt);
}

TEST(WhenAny, OfNothingIsAnError) {
  EXPECT_EQ(sync_wait(when_any(std::vector<Task<int>>())).error().code, ErrorCode::invalid_argument);
}

TEST(WhenAny, VoidTasksCount) {
  std::vector<Task<void>> tasks;
  tasks.push_back(nothing());
  EXPECT_EQ(sync_wait(when_any(std::move(tasks))).value().index, 0u);
}

TEST(WhenAny, WaitsForTheOnesItStopped) {
  Worker worker;
  std::atomic<int> ended{0};
  const auto slow = [&]() -> Task<int> {
    Gate never;
    const Result<void> waited = co_await never.wait();
    for (int i = 0; i < 10; ++i) (void)co_await schedule_on(worker.executor());
    ++ended;
    co_return waited ? 1 : 2;
  };
  const auto run = [&]() -> Task<int> {
    ABI_CO_TRY(co_await when_any(slow(), slow(), on(worker.executor(), give(1))));
    co_return ended.load();
  };
  EXPECT_EQ(sync_wait(run()).value(), 2);
}

// Stops, ends and openings that race: every wait ends exactly once, and nobody outlives the await.
TEST(WhenAny, RacesAreDecidedOnce) {
  Worker workers[2];
  const auto run = [&]() -> Task<int> {
    int firsts[2] = {0, 0};
    for (int round = 0; round < 500; ++round) {
      Gate gate;
      const auto open = [&]() -> Task<int> {
        gate.open();
        co_return 0;
      };
      ABI_CO_TRY(auto any, co_await when_any(on(workers[0].executor(), after(gate, 1)), on(workers[1].executor(), open())));
      ++firsts[any.index()];
    }
    co_return firsts[0] + firsts[1];
  };
  EXPECT_EQ(sync_wait(run()).value(), 500);
}

}  // namespace
}  // namespace libabi::task
