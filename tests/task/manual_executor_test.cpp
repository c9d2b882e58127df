#include <abi/task/manual_executor.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

struct Note : Job {
  Note(std::vector<int>& order, int name, Priority rank = Priority::normal) : notes(&order), number(name) {
    priority = rank;
    run = [](Job& self) noexcept { static_cast<Note&>(self).notes->push_back(static_cast<Note&>(self).number); };
  }
  std::vector<int>* notes;
  int number;
};

TEST(ManualExecutor, RunsNothingUntilItIsTold) {
  std::vector<int> order;
  ManualExecutor executor;
  Note note(order, 1);
  EXPECT_FALSE(executor.run_one());
  executor.submit(note);
  EXPECT_EQ(executor.waiting(), 1u);
  EXPECT_TRUE(order.empty());
  EXPECT_TRUE(executor.run_one());
  EXPECT_EQ(order, std::vector{1});
  EXPECT_FALSE(executor.run_one());
}

TEST(ManualExecutor, RunsByPriorityAndThenInOrder) {
  std::vector<int> order;
  ManualExecutor executor;
  Note low(order, 4, Priority::low), first(order, 2), second(order, 3), high(order, 1, Priority::high),
      last(order, 5, Priority::low);
  for (Note* note : {&low, &first, &second, &high, &last}) executor.submit(*note);
  EXPECT_EQ(executor.run_all(), 5u);
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4, 5}));
}

TEST(ManualExecutor, JobOfAJobWaitsForItsTurn) {
  std::vector<int> order;
  ManualExecutor executor;
  struct Parent : Job {
    ManualExecutor* executor;
    std::vector<int>* order;
    Note child;
  } parent{{}, &executor, &order, Note(order, 2)};
  parent.run = [](Job& self) noexcept {
    auto& own = static_cast<Parent&>(self);
    EXPECT_EQ(Executor::current(), own.executor);
    own.executor->submit(own.child);
    own.order->push_back(1);
  };
  executor.submit(parent);
  EXPECT_EQ(executor.run_all(1), 1u);
  EXPECT_EQ(order, std::vector{1});
  EXPECT_EQ(Executor::current(), nullptr);
  EXPECT_EQ(executor.run_all(), 1u);
  EXPECT_EQ(order, (std::vector{1, 2}));
}

std::vector<int> order_of(std::uint64_t seed) {
  std::vector<int> order;
  std::vector<Note> notes;
  for (int i = 0; i < 100; ++i) notes.emplace_back(order, i, i % 3 == 0 ? Priority::high : Priority::low);
  Note late(order, 100);
  ManualExecutor executor(seed);
  for (Note& note : notes) executor.submit(note);
  while (executor.run_one())
    if (order.size() == 50) executor.submit(late);
  return order;
}

TEST(ManualExecutor, SeedDecidesTheOrder) {
  EXPECT_EQ(order_of(1), order_of(1));
  EXPECT_NE(order_of(1), order_of(2));
}

TEST(ManualExecutor, EveryJobRunsOnceInARandomOrderToo) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<int> order = order_of(seed);
    ASSERT_EQ(order.size(), 101u) << seed;
    std::ranges::sort(order);
    for (int i = 0; i <= 100; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i) << seed;
  }
}

// Each of the orders of three jobs comes up in about a sixth of the runs.
TEST(ManualExecutor, EveryOrderIsPossible) {
  std::vector<std::vector<int>> orders;
  std::vector<int> counts;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    std::vector<int> order;
    Note a(order, 0), b(order, 1), c(order, 2);
    ManualExecutor executor(seed);
    for (Note* note : {&a, &b, &c}) executor.submit(*note);
    executor.run_all();
    const auto known = std::ranges::find(orders, order);
    if (known == orders.end())
      orders.push_back(order), counts.push_back(1);
    else
      ++counts[static_cast<std::size_t>(known - orders.begin())];
  }
  EXPECT_EQ(orders.size(), 6u);
  EXPECT_GT(*std::ranges::min_element(counts), 50);
}

TEST(ManualExecutor, TakesJobsFromAnyThread) {
  std::vector<int> order;
  std::vector<Note> notes;
  for (int i = 0; i < 4000; ++i) notes.emplace_back(order, i);
  ManualExecutor executor;
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < 4; ++thread)
      threads.emplace_back([&, thread] {
        for (std::size_t i = thread; i < notes.size(); i += 4) executor.submit(notes[i]);
      });
    while (order.size() < notes.size()) executor.run_one();
  }
  std::ranges::sort(order);
  std::vector<int> expected(notes.size());
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

}  // namespace
}  // namespace libabi::task
