#include <abi/task/sync_wait.hpp>
#include <abi/task/task.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "sanitizers.hpp"
#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Gate;
using test::Queue;
using test::Tracked;

Task<int> give(int value) { co_return value; }

Task<int> fail_with(ErrorCode code) { co_return error(code, "as was asked for"); }

Task<int> throw_from(void (*fail)()) {
  fail();
  co_return 0;
}

TEST(Task, GivesWhatTheBodyReturns) {
  EXPECT_EQ(sync_wait(give(7)).value(), 7);
  EXPECT_EQ(sync_wait(fail_with(ErrorCode::corrupt)).error().code, ErrorCode::corrupt);
  EXPECT_EQ(sync_wait([]() -> Task<std::string> { co_return "text"; }()).value(), "text");
  EXPECT_TRUE(sync_wait([]() -> Task<void> { co_return {}; }()));
  EXPECT_TRUE(sync_wait([]() -> Task<> { co_return {}; }()));
  EXPECT_EQ(sync_wait([]() -> Task<void> { co_return error(ErrorCode::aborted, "no"); }()).error().message, "no");
}

TEST(Task, OfAResultIsTheSameAsOfItsValue) {
  static_assert(std::is_same_v<Task<Result<int>>::Value, int>);
  static_assert(std::is_same_v<decltype(sync_wait(std::declval<Task<Result<int>>>())), Result<int>>);
  const auto pick = [](bool good) -> Task<Result<int>> {
    Result<int> result = 3;
    if (!good) result = error(ErrorCode::not_found, "nothing");
    co_return result;
  };
  EXPECT_EQ(sync_wait(pick(true)).value(), 3);
  EXPECT_EQ(sync_wait(pick(false)).error().code, ErrorCode::not_found);
  EXPECT_TRUE(sync_wait([]() -> Task<Result<void>> { co_return {}; }()));
}

TEST(Task, ExceptionBecomesTheError) {
  EXPECT_EQ(sync_wait(throw_from([] { throw std::runtime_error("torn"); })).error().message, "torn");
  EXPECT_EQ(sync_wait(throw_from([] { throw std::bad_alloc(); })).error().code, ErrorCode::exhausted);
  EXPECT_EQ(sync_wait(throw_from([] { throw 7; })).error().code, ErrorCode::internal);
}

TEST(Task, ErrorsGoUpThroughCoTry) {
  const auto sum = [](ErrorCode code) -> Task<int> {
    ABI_CO_TRY(const int first, co_await give(1));
    ABI_CO_TRY(const int second, co_await fail_with(code));
    co_return first + second;
  };
  EXPECT_EQ(sync_wait(sum(ErrorCode::out_of_range)).error().code, ErrorCode::out_of_range);
}

TEST(Task, RunsOnlyWhenItIsAwaited) {
  bool ran = false;
  const auto run = [&]() -> Task<void> {
    ran = true;
    co_return {};
  };
  {
    const Task<void> never = run();
  }
  EXPECT_FALSE(ran);
  EXPECT_TRUE(sync_wait(run()));
  EXPECT_TRUE(ran);
}

Task<int> hold(Tracked parameter, int& alive) {
  const Tracked local(alive);
  co_return *parameter.alive;
}

TEST(Task, DestroysWhatItHoldsBeforeTheAwaitIsOver) {
  int alive = 0;
  const auto look = [&]() -> Task<int> {
    ABI_CO_TRY(const int inside, co_await hold(Tracked(alive), alive));
    co_return inside * 10 + alive;
  };
  EXPECT_EQ(sync_wait(look()).value(), 20);
}

TEST(Task, NeverAwaitedDestroysItsParameters) {
  int alive = 0;
  {
    Task<int> task = hold(Tracked(alive), alive);
    EXPECT_EQ(alive, 1);
    task = hold(Tracked(alive), alive);
    EXPECT_EQ(alive, 1) << "what was there before is gone";
    Task<int> moved = std::move(task);
    EXPECT_FALSE(task);
    EXPECT_TRUE(moved);
    auto& self = moved;
    moved = std::move(self);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Task, CanBeAwaitedOnceByName) {
  const auto twice = []() -> Task<int> {
    Task<int> task = give(4);
    ABI_CO_TRY(const int value, co_await task);
    if (value != 4) co_return error(ErrorCode::internal, "the value is {}", value);
    co_return co_await task;
  };
  EXPECT_EQ(sync_wait(twice()).error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(sync_wait(Task<int>()).error().code, ErrorCode::failed_precondition);
}

TEST(Task, CanBeMadeOfAnError) {
  const auto failing = []() -> Task<int> { return unavailable("llm"); };
  EXPECT_EQ(sync_wait(failing()).error().code, ErrorCode::unavailable);
}

TEST(Task, ValuesMayBeMoveOnly) {
  const auto make = [](int value) -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
  EXPECT_EQ(**sync_wait(make(5)), 5);
}

TEST(Task, AnExceptionWhileTheValueIsMadeIsTheError) {
  struct Picky {
    Picky(int value) {
      if (value < 0) throw std::runtime_error("negative");
    }
  };
  const auto make = [](int value) -> Task<Picky> { co_return value; };
  EXPECT_TRUE(sync_wait(make(1)));
  EXPECT_EQ(sync_wait(make(-1)).error().message, "negative");
}

constexpr int many = libabi::test::sanitized ? 1'000'000 : 10'000'000;

TEST(Task, ALoopOfTenMillionAwaitsNeedsNoStack) {
  const auto count = []() -> Task<long> {
    long sum = 0;
    for (int i = 0; i < many; ++i) {
      ABI_CO_TRY(const int value, co_await give(i & 1));
      sum += value;
    }
    co_return sum;
  };
  EXPECT_EQ(sync_wait(count()).value(), many / 2);
}

// Everyone awaits the next before it does anything else: all of them wait at once, then end one after the other.
Task<int> chain(int left) {
  if (left == 0) co_return 0;
  ABI_CO_TRY(const int below, co_await chain(left - 1));
  co_return below + 1;
}

TEST(Task, AChainOfTenMillionAwaitsNeedsNoStack) { EXPECT_EQ(sync_wait(chain(many)).value(), many); }

// The same, where the innermost one waits and the whole chain is resumed from outside.
Task<int> chain_to(Gate& gate, int left) {
  if (left == 0) {
    ABI_CO_TRY(co_await gate.wait());
    co_return 0;
  }
  ABI_CO_TRY(const int below, co_await chain_to(gate, left - 1));
  co_return below + 1;
}

TEST(Task, AChainThatWaitedNeedsNoStackEither) {
  constexpr int depth = many / 10;
  Queue queue;
  Gate gate;
  Result<int> got = 0;
  ASSERT_TRUE(start(queue, chain_to(gate, depth), [&](Result<int> result) { got = std::move(result); }));
  queue.run_all();
  ASSERT_TRUE(gate.awaited());
  gate.open();
  queue.run_all();
  EXPECT_EQ(got.value(), depth);
}

}  // namespace
}  // namespace libabi::task
