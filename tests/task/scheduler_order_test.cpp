// Which job comes next.

#include "scheduler_jobs.hpp"

#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <latch>
#include <memory>
#include <string>
#include <vector>

namespace libabi::task {
namespace {

using test::BusyWorker;
using test::Call;

std::unique_ptr<Scheduler> scheduler_of(unsigned threads) { return Scheduler::create({.threads = threads}).value(); }

// One job of so few may have had a fair turn.
bool is_sorted_but_for_one(const std::vector<Priority>& order) {
  for (std::size_t left_out = 0; left_out < order.size(); ++left_out) {
    std::vector<Priority> rest = order;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
    if (std::ranges::is_sorted(rest)) return true;
  }
  return false;
}

TEST(Scheduler, HighGoesBeforeNormalBeforeLow) {
  const auto scheduler = scheduler_of(1);
  for (const bool from_inside : {false, true}) {
    std::vector<Priority> order;
    std::deque<Call> jobs;
    std::latch done(30);
    for (int i = 0; i < 30; ++i) {
      const auto priority = static_cast<Priority>((i + 2) % 3);
      jobs.emplace_back(
          [&, priority] {
            order.push_back(priority);
            done.count_down();
          },
          priority);
    }
    const auto submit_all = [&] {
      for (Call& job : jobs) scheduler->submit(job);
    };
    if (from_inside) {
      ASSERT_TRUE(scheduler->run(submit_all));
    } else {
      BusyWorker busy(*scheduler);
      submit_all();
    }
    done.wait();
    EXPECT_TRUE(is_sorted_but_for_one(order)) << from_inside;
  }
}

TEST(Scheduler, JobsFromOutsideRunInTheOrderOfTheirComing) {
  const auto scheduler = scheduler_of(1);
  for (const Priority priority : {Priority::high, Priority::normal, Priority::low}) {
    std::vector<int> order;
    std::deque<Call> jobs;
    std::latch done(500);
    BusyWorker busy(*scheduler);
    for (int i = 0; i < 500; ++i)
      scheduler->submit(jobs.emplace_back(
          [&, i] {
            order.push_back(i);
            done.count_down();
          },
          priority));
    busy.free();
    done.wait();
    EXPECT_TRUE(std::ranges::is_sorted(order));
  }
}

// A job of each other kind, while jobs of one kind never end.
class Starvation : public testing::TestWithParam<Priority> {};
INSTANTIATE_TEST_SUITE_P(Of, Starvation, testing::Values(Priority::high, Priority::normal),
                         [](const auto& one) { return std::string(one.param == Priority::high ? "High" : "Normal"); });

TEST_P(Starvation, NothingStarvesWhileOneJobSubmitsItselfForEver) {
  const auto scheduler = scheduler_of(1);
  std::atomic<bool> stop = false;
  std::latch ended(1);
  Call endless(
      [&] {
        if (stop)
          ended.count_down();
        else
          scheduler->submit(endless);
      },
      GetParam());
  scheduler->submit(endless);
  std::latch others(4);
  std::deque<Call> jobs;
  for (const Priority priority : {Priority::high, Priority::normal, Priority::low})
    scheduler->submit(jobs.emplace_back([&] { others.count_down(); }, priority));
  // One that lies in the worker's own deque, below the endless one.
  Call inner([&] { others.count_down(); });
  Call outer([&] { scheduler->submit(inner); }, Priority::high);
  scheduler->submit(outer);
  others.wait();
  stop = true;
  ended.wait();
}

// Jobs that submit themselves for ever, newest first, above one that lies at the bottom of the same deque.
class Bottom : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(BelowEndlessJobs, Bottom, testing::Values(1, 2, 15, 16, 17, 40), testing::PrintToStringParamName());

TEST_P(Bottom, OldestJobOfADequeHasItsTurn) {
  const auto scheduler = scheduler_of(1);
  std::atomic<bool> stop = false;
  std::latch ended(GetParam()), turn(1);
  std::deque<Call> endless;
  for (int i = 0; i < GetParam(); ++i)
    endless.emplace_back([&, i] {
      if (stop)
        ended.count_down();
      else
        scheduler->submit(endless[static_cast<std::size_t>(i)]);
    });
  Call oldest([&] { turn.count_down(); });
  Call first([&] {
    scheduler->submit(oldest);
    for (Call& job : endless) scheduler->submit(job);
  });
  scheduler->submit(first);
  turn.wait();
  stop = true;
  ended.wait();
}

}  // namespace
}  // namespace libabi::task
