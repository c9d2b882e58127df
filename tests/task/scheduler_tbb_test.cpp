// A scheduler on the threads of a host's oneTBB arena.

#include "scheduler_jobs.hpp"

#include <abi/task/clock.hpp>
#include <abi/task/parallel.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <iterator>
#include <latch>
#include <numeric>
#include <stdexcept>
#include <vector>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

namespace libabi::task {
namespace {

using test::becomes_true;
using test::Call;

std::size_t threads_of_the_process() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator()));
}

class OnTbb : public testing::Test {
 protected:
  static constexpr int concurrency = 3;
  void SetUp() override {
    arena_.initialize();
    // All of oneTBB's threads are there before any of ours could be.
    std::atomic<int> here = 0;
    arena_.execute([&] {
      tbb::parallel_for(0, concurrency, [&](int) {
        ++here;
        while (here < concurrency) std::this_thread::yield();
      });
    });
    scheduler_ = Scheduler::on_tbb(&arena_).value();
  }
  const tbb::global_control threads_{tbb::global_control::max_allowed_parallelism, concurrency};
  tbb::task_arena arena_{concurrency};
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(OnTbb, StartsNoSecondPool) {
  const std::size_t before = threads_of_the_process();
  EXPECT_EQ(scheduler_->threads(), 3u);
  for (int round = 0; round < 100; ++round) {
    EXPECT_EQ(scheduler_->run([] { return 5; }).value(), 5);
    EXPECT_TRUE(scheduler_->gang([](GangMember& member) { EXPECT_TRUE(member.barrier()); }));
    std::atomic<std::size_t> visited = 0;
    EXPECT_TRUE(
        parallel_for(*scheduler_, 0, 1000, [&](std::size_t from, std::size_t to) { visited += to - from; }, {.grain = 1}));
    EXPECT_EQ(visited, 1000u);
  }
  EXPECT_EQ(threads_of_the_process(), before);
}

// None of its threads may be kept waiting for a timer.
TEST_F(OnTbb, TimeIsKeptByTheClockOfTheProcess) { EXPECT_EQ(scheduler_->clock().value(), SystemClock::shared().value()); }

TEST_F(OnTbb, WorkersAreThreadsOfTheArena) {
  EXPECT_GE(scheduler_->run([] { return tbb::this_task_arena::max_concurrency(); }).value(), concurrency);
  EXPECT_NE(scheduler_->run([] { return tbb::this_task_arena::current_thread_index(); }).value(),
            int{tbb::task_arena::not_initialized});
  EXPECT_EQ(scheduler_->run([&] { return Executor::current() == scheduler_.get(); }).value(), true);
}

TEST_F(OnTbb, RunsEveryJobOfATreeOnce) {
  constexpr std::size_t nodes = (1u << 12) - 1;
  std::vector<std::unique_ptr<Call>> jobs(nodes);
  std::latch done(nodes);
  std::vector<int> runs(nodes);
  for (std::size_t i = 0; i < nodes; ++i)
    jobs[i] = std::make_unique<Call>(
        [&, i] {
          ++runs[i];
          for (const std::size_t child : {2 * i + 1, 2 * i + 2})
            if (child < nodes) scheduler_->submit(*jobs[child]);
          done.count_down();
        },
        static_cast<Priority>(i % 3));
  scheduler_->submit(*jobs[0]);
  done.wait();
  EXPECT_EQ(runs, std::vector(nodes, 1));
}

TEST_F(OnTbb, HostAndSchedulerWorkSideBySide) {
  std::atomic<int> ran = 0, sum = 0;
  std::deque<Call> jobs;
  for (int i = 0; i < 1000; ++i) scheduler_->submit(jobs.emplace_back([&] { ++ran; }));
  arena_.execute([&] { tbb::parallel_for(0, 1000, [&](int i) { sum += i; }); });
  EXPECT_EQ(sum, 499'500);
  EXPECT_TRUE(becomes_true([&] { return ran == 1000; }));
}

// All threads of the arena belong to the host: the gang begins without them.
TEST_F(OnTbb, GangNeverWaitsForTheHost) {
  std::atomic<int> inside = 0;
  std::latch go(1), over(concurrency);
  for (int i = 0; i < concurrency; ++i)
    arena_.enqueue([&] {
      ++inside;
      go.wait();
      over.count_down();
    });
  // One place of the arena is kept for a caller: the third task waits.
  ASSERT_TRUE(becomes_true([&] { return inside == concurrency - 1; }));
  unsigned members = 0;
  EXPECT_TRUE(scheduler_->gang([&](GangMember& member) {
    EXPECT_TRUE(member.barrier());
    if (member.index() == 0) members = member.count();
  }));
  EXPECT_EQ(members, 1u);
  go.count_down();
  over.wait();
}

TEST_F(OnTbb, ErrorsComeBack) {
  EXPECT_EQ(scheduler_->run([] { throw std::runtime_error("broken"); }).error().message, "broken");
  EXPECT_EQ(scheduler_->gang([](GangMember&) { throw std::runtime_error("broken"); }).error().message, "broken");
  EXPECT_EQ(Scheduler::on_tbb(&arena_, {.threads = 2000}).error().code, ErrorCode::invalid_argument);
}

TEST_F(OnTbb, DestructionRunsWhatIsQueued) {
  for (int round = 0; round < 50; ++round) {
    auto scheduler = Scheduler::on_tbb(&arena_, {.threads = 2}).value();
    std::atomic<int> ran = 0;
    std::deque<Call> jobs;
    for (int i = 0; i < 100; ++i) scheduler->submit(jobs.emplace_back([&] { ++ran; }, static_cast<Priority>(i % 3)));
    scheduler.reset();
    EXPECT_EQ(ran, 100);
  }
}

}  // namespace
}  // namespace libabi::task
