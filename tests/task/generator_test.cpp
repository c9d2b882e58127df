#include <abi/task/generator.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include "memory/failing_malloc.hpp"
#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Tracked;

static_assert(std::ranges::input_range<Generator<int>>);
static_assert(std::ranges::view<Generator<int>>);

Generator<int> count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
  co_return {};
}

Result<int> checked(int value) {
  if (value == 3) return error(ErrorCode::out_of_range, "{} is too many", value);
  return value;
}

Generator<int> count_to_the_error() {
  for (int i = 1;; ++i) {
    ABI_CO_TRY(const int value, checked(i));
    co_yield value;
  }
}

std::string seen(Generator<int> generator) {
  std::string text;
  for (Result<int>& item : generator) text += item ? std::to_string(*item) : std::string(name(item.error().code));
  return text;
}

TEST(Generator, HandsOutItsItemsInOrder) {
  EXPECT_EQ(seen(count_to(4)), "1234");
  EXPECT_EQ(seen(count_to(0)), "");
  EXPECT_EQ(seen(Generator<int>()), "");
}

TEST(Generator, ErrorIsItsLastItem) {
  EXPECT_EQ(seen(count_to_the_error()), "12out_of_range");
  EXPECT_EQ(seen([]() -> Generator<int> { return unavailable("llm"); }()), "unavailable");
}

TEST(Generator, ExceptionIsItsLastItem) {
  const auto thrower = []() -> Generator<int> {
    co_yield 1;
    throw std::runtime_error("torn");
  };
  EXPECT_EQ(seen(thrower()), "1internal");
}

TEST(Generator, RunsOnlyWhileAnItemIsAskedFor) {
  int step = 0;
  auto generator = [](int& at) -> Generator<int> {
    at = 1;
    co_yield 1;
    at = 2;
    co_return {};
  }(step);
  EXPECT_EQ(step, 0);
  auto item = generator.begin();
  EXPECT_EQ(step, 1);
  ++item;
  EXPECT_EQ(step, 2);
  EXPECT_TRUE(item == generator.end());
}

TEST(Generator, ALoopThatWasLeftIsGoneOnWith) {
  auto generator = count_to(6);
  for (const auto& item : generator)
    if (*item == 3) break;
  EXPECT_EQ(seen(std::move(generator)), "456");
  EXPECT_EQ(seen(std::move(generator)), "") << "moved away";
}

TEST(Generator, ItemsMayBeMoveOnlyAndMovedFrom) {
  const auto make = []() -> Generator<std::unique_ptr<int>> {
    for (int i = 0; i < 3; ++i) co_yield std::make_unique<int>(i);
    co_return {};
  };
  int sum = 0;
  for (auto& item : make()) sum += *std::unique_ptr<int>(*std::move(item));
  EXPECT_EQ(sum, 3);
}

Generator<int> hold(Tracked parameter, int& alive) {
  const Tracked local(alive);
  for (int i = 0; i < 2; ++i) co_yield *parameter.alive;
  co_return {};
}

TEST(Generator, DestroyedHalfWayDestroysWhatItHolds) {
  int alive = 0;
  {
    auto begun = hold(Tracked(alive), alive);
    EXPECT_EQ(**begun.begin(), 2);
    auto fresh = hold(Tracked(alive), alive);
    EXPECT_EQ(alive, 3);
    begun = std::move(fresh);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
  for (auto& item : hold(Tracked(alive), alive)) EXPECT_EQ(*item, 2);
  EXPECT_EQ(alive, 0);
}

TEST(Generator, WithoutMemoryIsOneError) {
  release_cached_frames();
  const libabi::test::FailingMalloc fault(0);
  auto generator = count_to(3);
  EXPECT_TRUE(fault.hit());
  int items = 0;
  for (const auto& item : generator) {
    EXPECT_EQ(item.error().code, ErrorCode::exhausted);
    ++items;
  }
  EXPECT_EQ(items, 1);
}

TEST(Generator, WorksWithTheViewsOfTheStandard) {
  int sum = 0;
  for (const int value : count_to(10) | std::views::transform([](Result<int>& item) { return *item; }) |
                             std::views::filter([](int value) { return value % 2 == 0; }))
    sum += value;
  EXPECT_EQ(sum, 30);
}

}  // namespace
}  // namespace libabi::task
