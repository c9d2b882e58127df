#include <abi/task/async_generator.hpp>
#include <abi/task/sync_wait.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "memory/failing_malloc.hpp"
#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Tracked;

AsyncGenerator<int> count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
  co_return {};
}

Result<int> checked(int value) {
  if (value == 3) return error(ErrorCode::out_of_range, "{} is too many", value);
  return value;
}

AsyncGenerator<int> count_to_the_error() {
  for (int i = 1;; ++i) {
    ABI_CO_TRY(const int value, checked(i));
    co_yield value;
  }
}

TEST(AsyncGenerator, HandsOutItsItemsInOrderThenTheEnd) {
  auto generator = count_to(3);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(generator.pull().value(), i);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(generator.pull().value(), std::nullopt);
}

TEST(AsyncGenerator, OfNothingEndsAtOnce) {
  EXPECT_EQ(count_to(0).pull().value(), std::nullopt);
  EXPECT_EQ(AsyncGenerator<int>().pull().value(), std::nullopt);
}

TEST(AsyncGenerator, RunsOnlyWhileAnItemIsAskedFor) {
  int step = 0;
  auto generator = [](int& at) -> AsyncGenerator<int> {
    at = 1;
    co_yield 10;
    at = 2;
    co_yield 20;
    at = 3;
    co_return {};
  }(step);
  EXPECT_EQ(step, 0);
  EXPECT_EQ(generator.pull().value(), 10);
  EXPECT_EQ(step, 1);
  EXPECT_EQ(generator.pull().value(), 20);
  EXPECT_EQ(step, 2);
  EXPECT_EQ(generator.pull().value(), std::nullopt);
  EXPECT_EQ(step, 3);
}

TEST(AsyncGenerator, ErrorIsItsLastItem) {
  auto generator = count_to_the_error();
  EXPECT_EQ(generator.pull().value(), 1);
  EXPECT_EQ(generator.pull().value(), 2);
  const auto last = generator.pull();
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::out_of_range);
  EXPECT_EQ(last.error().message, "3 is too many");
  EXPECT_EQ(generator.pull().value(), std::nullopt);
}

AsyncGenerator<int> throw_after(int items, void (*fail)()) {
  for (int i = 0; i < items; ++i) co_yield i;
  fail();
  co_return {};
}

TEST(AsyncGenerator, ExceptionBecomesTheError) {
  auto generator = throw_after(1, [] { throw std::runtime_error("torn"); });
  EXPECT_EQ(generator.pull().value(), 0);
  EXPECT_EQ(generator.pull().error().message, "torn");
  EXPECT_EQ(generator.pull().value(), std::nullopt);
  EXPECT_EQ(throw_after(0, [] { throw std::bad_alloc(); }).pull().error().code, ErrorCode::exhausted);
  EXPECT_EQ(throw_after(0, [] { throw 7; }).pull().error().code, ErrorCode::internal);
}

TEST(AsyncGenerator, CanBeMadeOfAnError) {
  const auto failing = []() -> AsyncGenerator<int> { return unavailable("llm"); };
  auto generator = failing();
  EXPECT_EQ(generator.pull().error().code, ErrorCode::unavailable);
  EXPECT_EQ(generator.pull().value(), std::nullopt);
}

TEST(AsyncGenerator, RangeForSeesItemsAndTheErrorLast) {
  std::vector<int> values;
  for (const Result<int>& item : count_to(4)) values.push_back(item.value());
  EXPECT_EQ(values, (std::vector<int>{1, 2, 3, 4}));

  std::string seen;
  for (Result<int>& item : count_to_the_error()) seen += item ? std::to_string(*item) : std::string(name(item.error().code));
  EXPECT_EQ(seen, "12out_of_range");

  auto generator = count_to(10);
  for (const Result<int>& item : generator)
    if (item.value() == 4) break;
  EXPECT_EQ(generator.pull().value(), 5) << "a loop that was left can be gone on with";
}

TEST(AsyncGenerator, ItemsMayBeMoveOnly) {
  auto generator = [](int count) -> AsyncGenerator<std::unique_ptr<int>> {
    for (int i = 0; i < count; ++i) co_yield std::make_unique<int>(i);
    co_return {};
  }(3);
  int sum = 0;
  for (auto& item : generator) {
    const std::unique_ptr<int> owned = std::move(*item);
    sum += *owned;
  }
  EXPECT_EQ(sum, 3);
}

AsyncGenerator<int> holding(Tracked parameter, int& alive) {
  const Tracked local(alive);
  for (int i = 0; i < 2; ++i) {
    const Tracked inner(alive);
    co_yield *parameter.alive;
  }
  co_return {};
}

TEST(AsyncGenerator, DestroyedMidwayDestroysWhatItHolds) {
  int alive = 0;
  {
    auto generator = holding(Tracked(alive), alive);
    EXPECT_EQ(alive, 1) << "not begun: the parameter only";
  }
  EXPECT_EQ(alive, 0);
  {
    auto generator = holding(Tracked(alive), alive);
    EXPECT_EQ(generator.pull().value(), 3);
    EXPECT_EQ(alive, 3);
    generator = AsyncGenerator<int>();
    EXPECT_EQ(alive, 0);
  }
  {
    auto generator = holding(Tracked(alive), alive);
    while (generator.pull().value()) {
    }
    EXPECT_EQ(alive, 0) << "at the end everything goes at once, the parameters too";
  }
}

TEST(AsyncGenerator, MovesBetweenItems) {
  int alive = 0;
  auto first = holding(Tracked(alive), alive);
  EXPECT_TRUE(first.pull().value());
  auto second = std::move(first);
  EXPECT_EQ(first.pull().value(), std::nullopt);
  EXPECT_TRUE(second.pull().value());
  auto& self = second;
  second = std::move(self);
  EXPECT_EQ(second.pull().value(), std::nullopt);
  EXPECT_EQ(alive, 0);
}

TEST(AsyncGenerator, WithoutMemoryForItsFrameIsExhausted) {
  release_cached_frames();
  const libabi::test::FailingMalloc fault(0);
  auto generator = count_to(3);
  EXPECT_TRUE(fault.hit());
  EXPECT_EQ(generator.pull().error().code, ErrorCode::exhausted);
  EXPECT_EQ(generator.pull().value(), std::nullopt);
}

// A coroutine that runs at once and whose end nobody awaits: the smallest consumer there is.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { ADD_FAILURE() << "an exception left a coroutine"; }
  };
};

Detached collect(AsyncGenerator<int> generator, std::vector<int>& values, std::optional<Error>& failure) {
  for (;;) {
    Result<std::optional<int>> item = co_await generator.next();
    if (!item) {
      failure = std::move(item).error();
      continue;
    }
    if (!*item) co_return;
    values.push_back(**item);
  }
}

TEST(AsyncGenerator, IsAwaitedByACoroutine) {
  std::vector<int> values;
  std::optional<Error> failure;
  collect(count_to(5), values, failure);
  EXPECT_EQ(values, (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_FALSE(failure);
  collect(count_to_the_error(), values, failure);
  EXPECT_EQ(values.size(), 7u);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::out_of_range);
  collect(AsyncGenerator<int>(), values, failure);
  EXPECT_EQ(values.size(), 7u);
}

AsyncGenerator<int> doubled(AsyncGenerator<int> source) {
  for (;;) {
    ABI_CO_TRY(const std::optional<int> item, co_await source.next());
    if (!item) co_return {};
    co_yield 2 * *item;
  }
}

TEST(AsyncGenerator, GeneratorsStandOnOneAnother) {
  std::vector<int> values;
  for (const auto& item : doubled(doubled(count_to(3)))) values.push_back(item.value());
  EXPECT_EQ(values, (std::vector<int>{4, 8, 12}));
  auto generator = doubled(count_to_the_error());
  EXPECT_EQ(generator.pull().value(), 2);
  EXPECT_EQ(generator.pull().value(), 4);
  EXPECT_EQ(generator.pull().error().code, ErrorCode::out_of_range);
}

Detached sum_all(AsyncGenerator<int> generator, long& sum) {
  while (const auto item = (co_await generator.next()).value()) sum += *item;
}

// Handing over must not grow the stack.
TEST(AsyncGenerator, LongStreamsNeedNoStack) {
  constexpr int items = 1'000'000;
  long expected = 0;
  for (int i = 1; i <= items; ++i) expected += i;
  long sum = 0;
  sum_all(count_to(items), sum);
  EXPECT_EQ(sum, expected);
  long pulled = 0;
  for (const auto& item : count_to(items)) pulled += *item;
  EXPECT_EQ(pulled, expected);
}

// Goes on in a thread of its own.
struct OtherThread {
  std::jthread& thread;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    std::jthread started([coroutine] { coroutine.resume(); });
    thread = std::move(started);
  }
  void await_resume() const noexcept {}
};

AsyncGenerator<std::thread::id> from_elsewhere(std::vector<std::jthread>& threads) {
  for (std::jthread& thread : threads) {
    co_await OtherThread{thread};
    co_yield std::this_thread::get_id();
  }
  co_return {};
}

TEST(AsyncGenerator, PullWaitsForAnItemThatAnotherThreadMakes) {
  for (int round = 0; round < 50; ++round) {
    std::vector<std::jthread> threads(3);
    int items = 0;
    for (const auto& item : from_elsewhere(threads)) {
      EXPECT_NE(item.value(), std::this_thread::get_id());
      ++items;
    }
    EXPECT_EQ(items, 3);
  }
}

}  // namespace
}  // namespace libabi::task
