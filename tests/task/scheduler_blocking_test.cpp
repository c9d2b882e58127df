// Blocking sections, and gangs and loops beside jobs.

#include "scheduler_jobs.hpp"

#include <abi/memory/fault.hpp>
#include <abi/task/parallel.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using test::becomes_true;
using test::BusyWorker;
using test::Call;

std::unique_ptr<Scheduler> scheduler_of(unsigned threads, unsigned spares) {
  return Scheduler::create({.threads = threads, .spare_threads = spares}).value();
}

// Each job but the last waits for one that comes after it.
TEST(BlockingScope, SpareTakesThePlaceOfAWorkerThatBlocks) {
  const auto scheduler = scheduler_of(1, 3);
  for (int round = 0; round < 100; ++round) {
    std::latch go(1), done(4);
    std::deque<Call> jobs;
    for (int i = 0; i < 3; ++i)
      jobs.emplace_back([&] {
        const BlockingScope blocking;
        go.wait();
        done.count_down();
      });
    jobs.emplace_back([&] {
      go.count_down();
      done.count_down();
    });
    for (Call& job : jobs) scheduler->submit(job);
    done.wait();
  }
}

TEST(BlockingScope, SpareFindsWhatTheBlockedWorkerHasSubmitted) {
  const auto scheduler = scheduler_of(1, 1);
  for (int round = 0; round < 100; ++round) {
    std::latch done(1);
    Call job([&] { done.count_down(); });
    ASSERT_TRUE(scheduler->run([&] {
      scheduler->submit(job);
      const BlockingScope blocking;
      const BlockingScope nested;
      done.wait();
    }));
  }
}

TEST(BlockingScope, NoMoreSparesAreUsedThanThereAre) {
  const auto scheduler = scheduler_of(1, 2);
  std::latch go(1), done(6);
  std::atomic<int> inside = 0;
  std::deque<Call> jobs;
  for (int i = 0; i < 6; ++i)
    jobs.emplace_back([&] {
      const BlockingScope blocking;
      ++inside;
      go.wait();
      done.count_down();
    });
  for (Call& job : jobs) scheduler->submit(job);
  ASSERT_TRUE(becomes_true([&] { return inside == 3; }));
  for (int look = 0; look < 1000; ++look) std::this_thread::yield();
  EXPECT_EQ(inside, 3);
  go.count_down();
  done.wait();
}

TEST(BlockingScope, OutsideAWorkerIsNothing) {
  const BlockingScope blocking;
  const auto scheduler = scheduler_of(1, 0);
  EXPECT_TRUE(scheduler->run([] { const BlockingScope without_spares; }).has_value());
}

TEST(BlockingScope, SpareThatTheSystemRefusesIsDoneWithout) {
  const auto scheduler = scheduler_of(1, 1);
  ASSERT_TRUE(scheduler->run([] {
    const memory::AllocationFault fault(0);
    const BlockingScope blocking;
    EXPECT_TRUE(fault.hit());
  }));
  std::latch done(1);
  Call job([&] { done.count_down(); });
  ASSERT_TRUE(scheduler->run([&] {
    scheduler->submit(job);
    const BlockingScope blocking;
    done.wait();
  }));
}

// Blocking and not, many times over: no job is lost, none waits for ever, and the scheduler ends.
TEST(BlockingScope, ComesAndGoesUnderLoad) {
  const auto scheduler = scheduler_of(2, 2);
  constexpr int count = 4000;
  std::deque<Call> jobs;
  std::latch done(count);
  std::vector<int> runs(count);
  for (int i = 0; i < count; ++i)
    jobs.emplace_back(
        [&, i] {
          ++runs[static_cast<std::size_t>(i)];
          if (i % 3 == 0) {
            const BlockingScope blocking;
            std::this_thread::yield();
          }
          done.count_down();
        },
        static_cast<Priority>(i % 2));
  for (Call& job : jobs) scheduler->submit(job);
  done.wait();
  EXPECT_EQ(runs, std::vector(count, 1));
}

TEST(Gang, IsTheSmallerForWorkersThatAreBusy) {
  const auto scheduler = scheduler_of(3, 0);
  const auto members = [&] {
    unsigned count = 0;
    EXPECT_TRUE(scheduler->gang([&](GangMember& member) {
      EXPECT_TRUE(member.barrier());
      if (member.index() == 0) count = member.count();
    }));
    return count;
  };
  EXPECT_EQ(members(), 3u);
  {
    BusyWorker one(*scheduler);
    EXPECT_EQ(members(), 3u) << "two are free";
    BusyWorker two(*scheduler);
    EXPECT_EQ(members(), 2u);
    BusyWorker three(*scheduler);
    EXPECT_EQ(members(), 1u);
  }
  EXPECT_TRUE(becomes_true([&] { return members() == 3; }));
}

TEST(Gang, OfAJobHasTheOtherWorkers) {
  const auto scheduler = scheduler_of(3, 0);
  ASSERT_TRUE(scheduler->run([&] {
    EXPECT_TRUE(scheduler->gang([](GangMember& member) {
      EXPECT_EQ(member.count(), 3u);
      EXPECT_TRUE(member.barrier());
    }));
  }));
}

TEST(Gang, JobsSubmittedByMembersRunAfterwards) {
  const auto scheduler = scheduler_of(3, 0);
  std::latch done(300);
  std::deque<Call> jobs;
  for (int i = 0; i < 300; ++i) jobs.emplace_back([&] { done.count_down(); });
  ASSERT_TRUE(scheduler->gang([&](GangMember& member) {
    for (std::size_t i = member.index(); i < jobs.size(); i += member.count()) scheduler->submit(jobs[i]);
    EXPECT_TRUE(member.barrier());
  }));
  done.wait();
}

TEST(ParallelFor, WaitsForNoBusyWorker) {
  const auto scheduler = scheduler_of(2, 0);
  BusyWorker one(*scheduler), two(*scheduler);
  std::atomic<std::size_t> visited = 0;
  ASSERT_TRUE(parallel_for(*scheduler, 0, 1000, [&](std::size_t from, std::size_t to) { visited += to - from; }, {.grain = 1}));
  EXPECT_EQ(visited, 1000u);
}

TEST(ParallelFor, JobsGangsAndLoopsOfManyThreadsAtOnce) {
  const auto scheduler = scheduler_of(3, 1);
  std::atomic<std::size_t> visited = 0;
  std::atomic<int> ran = 0;
  std::deque<Call> jobs;
  for (int i = 0; i < 600; ++i)
    jobs.emplace_back([&, i] {
      ++ran;
      const auto loop = [&](std::size_t from, std::size_t to) { visited += to - from; };
      switch (i % 3) {
        case 0: EXPECT_TRUE(parallel_for(*scheduler, 0, 100, loop)); break;
        case 1: EXPECT_TRUE(scheduler->gang([](GangMember& member) { EXPECT_TRUE(member.barrier()); })); break;
        default: EXPECT_TRUE(scheduler->run([] {}).has_value());
      }
    });
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < 3; ++thread)
      threads.emplace_back([&, thread] {
        for (std::size_t i = thread; i < jobs.size(); i += 3) {
          scheduler->submit(jobs[i]);
          EXPECT_TRUE(
              parallel_for(*scheduler, 0, 100, [&](std::size_t from, std::size_t to) { visited += to - from; }, {.grain = 1}));
          EXPECT_TRUE(scheduler->gang([](GangMember& member) { EXPECT_TRUE(member.barrier()); }));
        }
      });
  }
  EXPECT_TRUE(becomes_true([&] { return ran == 600; }));
  EXPECT_TRUE(becomes_true([&] { return visited == 100 * 800; }));
}

}  // namespace
}  // namespace libabi::task
