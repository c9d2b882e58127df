#include "scheduler_jobs.hpp"

#include <abi/task/parallel.hpp>
#include <abi/task/processors.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using test::becomes_true;
using test::Call;

std::unique_ptr<Scheduler> scheduler_of(unsigned threads) { return Scheduler::create({.threads = threads}).value(); }

class SchedulerOf : public testing::TestWithParam<unsigned> {
 protected:
  std::unique_ptr<Scheduler> scheduler_ = scheduler_of(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Threads, SchedulerOf, testing::Values(1u, 2u, 3u, 8u), testing::PrintToStringParamName());

TEST_P(SchedulerOf, RunsAJobOnAWorker) {
  std::latch done(1);
  Call job([&] {
    EXPECT_EQ(Executor::current(), scheduler_.get());
    done.count_down();
  });
  scheduler_->submit(job);
  done.wait();
  EXPECT_EQ(Executor::current(), nullptr);
}

TEST_P(SchedulerOf, RunsEveryJobOnceThatManyThreadsSubmit) {
  constexpr int threads = 4, each = 3000;
  std::deque<Call> jobs;
  std::vector<std::atomic<int>> runs(threads * each);
  std::latch done(threads * each);
  for (int i = 0; i < threads * each; ++i)
    jobs.emplace_back(
        [&, i] {
          ++runs[static_cast<std::size_t>(i)];
          done.count_down();
        },
        static_cast<Priority>(i % 3));
  {
    std::vector<std::jthread> submitters;
    for (int thread = 0; thread < threads; ++thread)
      submitters.emplace_back([&, thread] {
        for (int i = 0; i < each; ++i) scheduler_->submit(jobs[static_cast<std::size_t>(thread * each + i)]);
      });
  }
  done.wait();
  for (const auto& count : runs) EXPECT_EQ(count, 1);
}

// A tree: each job submits two.
TEST_P(SchedulerOf, RunsJobsThatJobsSubmit) {
  constexpr std::size_t nodes = (1u << 14) - 1;
  std::vector<std::unique_ptr<Call>> jobs(nodes);
  std::latch done(nodes);
  for (std::size_t i = 0; i < nodes; ++i)
    jobs[i] = std::make_unique<Call>([&, i] {
      for (const std::size_t child : {2 * i + 1, 2 * i + 2})
        if (child < nodes) scheduler_->submit(*jobs[child]);
      done.count_down();
    });
  scheduler_->submit(*jobs[0]);
  done.wait();
  EXPECT_TRUE(becomes_true([&] { return scheduler_->counters().jobs == nodes; }));
}

TEST_P(SchedulerOf, JobMaySubmitItselfAgain) {
  int left = 10'000;
  std::latch done(1);
  Call job([&] {
    if (--left == 0)
      done.count_down();
    else
      scheduler_->submit(job);
  });
  scheduler_->submit(job);
  done.wait();
  EXPECT_EQ(left, 0);
}

TEST_P(SchedulerOf, GoesOnAfterSleep) {
  for (int round = 0; round < 50; ++round) {
    ASSERT_TRUE(becomes_true([&] {
      const SchedulerCounters counters = scheduler_->counters();
      return counters.parks - counters.wakes == GetParam();
    }));
    EXPECT_EQ(scheduler_->run([round] { return round; }).value(), round);
  }
}

TEST_P(SchedulerOf, RunReturnsWhatTheBodyReturns) {
  EXPECT_EQ(scheduler_->run([] { return 7; }).value(), 7);
  EXPECT_EQ(*scheduler_->run([] { return std::make_unique<int>(8); }).value(), 8);
  EXPECT_TRUE(scheduler_->run([] {}).has_value());
  EXPECT_EQ(scheduler_->run([]() -> Result<int> { return 9; }).value(), 9);
  EXPECT_EQ(scheduler_->run([]() -> Result<int> { return error(ErrorCode::not_found, "no {}", 9); }).error().message, "no 9");
}

TEST_P(SchedulerOf, ExceptionOfABodyIsTheErrorOfRun) {
  const auto thrown = scheduler_->run([]() -> int { throw std::runtime_error("broken"); });
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().message, "broken");
  EXPECT_EQ(scheduler_->run([] { throw std::bad_alloc(); }).error().code, ErrorCode::exhausted);
  EXPECT_TRUE(scheduler_->run([] {}).has_value());
}

TEST_P(SchedulerOf, RunInsideAJobOrAGangIsACall) {
  const auto nested = scheduler_->run([&] {
    const auto thread = std::this_thread::get_id();
    return scheduler_->run([&] { return std::this_thread::get_id() == thread; }).value();
  });
  EXPECT_TRUE(nested.value());
  EXPECT_TRUE(scheduler_->gang([&](GangMember& member) {
    EXPECT_TRUE(scheduler_->run([] {}).has_value());
    EXPECT_TRUE(member.barrier());
  }));
}

TEST_P(SchedulerOf, DestructionRunsWhatIsQueuedAndWhatThatSubmits) {
  std::atomic<int> ran = 0;
  std::deque<Call> jobs, followers;
  for (int i = 0; i < 2000; ++i) {
    followers.emplace_back([&] { ++ran; }, static_cast<Priority>(i % 3));
    jobs.emplace_back(
        [&, i, scheduler = scheduler_.get()] {
          ++ran;
          scheduler->submit(followers[static_cast<std::size_t>(i)]);
        },
        static_cast<Priority>((i + 1) % 3));
  }
  for (Call& job : jobs) scheduler_->submit(job);
  scheduler_.reset();
  EXPECT_EQ(ran, 4000);
}

TEST(Scheduler, WorkersShareWhatOneOfThemSubmits) {
  const auto scheduler = scheduler_of(3);
  std::atomic<int> here = 0;
  std::deque<Call> jobs;
  std::latch done(3);
  for (int i = 0; i < 3; ++i)
    jobs.emplace_back([&] {
      ++here;
      while (here < 3) std::this_thread::yield();  // ends only when three workers are here at once
      done.count_down();
    });
  ASSERT_TRUE(scheduler->run([&] {
    for (Call& job : jobs) scheduler->submit(job);
  }));
  done.wait();
  EXPECT_GE(scheduler->counters().steals, 1u);
}

// It must not wait for its submitter to end.
TEST(Scheduler, OnlyJobThatABusyWorkerHasSubmittedIsStolen) {
  const auto scheduler = scheduler_of(2);
  for (int round = 0; round < 100; ++round) {
    std::latch done(1);
    Call job([&] { done.count_down(); });
    ASSERT_TRUE(scheduler->run([&] {
      scheduler->submit(job);
      done.wait();
    }));
  }
}

TEST(Scheduler, SleepersAreWokenOneByOne) {
  const auto scheduler = scheduler_of(4);
  const auto all_asleep = [&] {
    const SchedulerCounters counters = scheduler->counters();
    return counters.parks - counters.wakes == 4;
  };
  ASSERT_TRUE(becomes_true(all_asleep));
  for (int round = 0; round < 30; ++round) {
    const std::uint64_t before = scheduler->counters().wakes;
    ASSERT_TRUE(scheduler->run([] {}));
    ASSERT_TRUE(becomes_true(all_asleep));
    EXPECT_EQ(scheduler->counters().wakes, before + 1) << "one job, one system call";
  }
}

TEST(Scheduler, CountersAddUp) {
  const auto scheduler = scheduler_of(3);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(scheduler->run([] {}));
  ASSERT_TRUE(scheduler->gang([](GangMember&) {}));
  ASSERT_TRUE(becomes_true([&] { return scheduler->counters().jobs == 100; }));
  SchedulerCounters sum;
  for (unsigned worker = 0; worker < 4; ++worker) {
    sum.jobs += scheduler->counters(worker).jobs;
    sum.taken += scheduler->counters(worker).taken;
    sum.calls += scheduler->counters(worker).calls;
  }
  EXPECT_EQ(sum.jobs, 100u);
  EXPECT_EQ(sum.taken, 100u);
  EXPECT_EQ(sum.calls, 2u);
  EXPECT_EQ(scheduler->counters(99).jobs, 0u);
}

struct Trace {
  static void note(void* self, const TraceEvent& event) noexcept {
    auto& own = *static_cast<Trace*>(self);
    ++own.events[static_cast<std::size_t>(event.kind)];
    if (event.kind == TraceKind::job_begin) own.last = event.job;
  }
  std::atomic<int> events[7] = {};
  std::atomic<const Job*> last = nullptr;
  int of(TraceKind kind) const { return events[static_cast<std::size_t>(kind)]; }
};

TEST(Scheduler, TraceSeesWhatTheWorkersDo) {
  Trace trace;
  auto scheduler = Scheduler::create({.threads = 2, .trace = {.call = Trace::note, .context = &trace}}).value();
  std::latch done(1);
  Call job([&] { done.count_down(); });
  scheduler->submit(job);
  done.wait();
  ASSERT_TRUE(scheduler->gang([](GangMember&) {}));
  ASSERT_TRUE(becomes_true([&] { return trace.of(TraceKind::park) >= 2; }));
  std::latch stolen(1);
  Call theft([&] { stolen.count_down(); });
  ASSERT_TRUE(scheduler->run([&] {
    scheduler->submit(theft);
    stolen.wait();
  }));
  scheduler.reset();
  EXPECT_EQ(trace.of(TraceKind::job_begin), 3);
  EXPECT_EQ(trace.of(TraceKind::job_end), 3);
  EXPECT_EQ(trace.of(TraceKind::gang_begin), 1);
  EXPECT_EQ(trace.of(TraceKind::gang_end), 1);
  EXPECT_EQ(trace.of(TraceKind::steal), 1);
  EXPECT_EQ(trace.of(TraceKind::park), trace.of(TraceKind::wake));
  EXPECT_EQ(trace.last, &theft);
}

TEST(Scheduler, TakesAllAvailableProcessorsUnlessToldOtherwise) {
  EXPECT_EQ(Scheduler::create().value()->threads(), available_processors());
}

TEST(Scheduler, RefusesMoreThreadsThanTheMaximum) {
  for (const SchedulerOptions& options :
       {SchedulerOptions{.threads = Scheduler::max_threads + 1}, SchedulerOptions{.spare_threads = Scheduler::max_threads + 1}}) {
    const auto scheduler = Scheduler::create(options);
    ASSERT_FALSE(scheduler);
    EXPECT_EQ(scheduler.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(scheduler.error().message, "1025 threads are asked for, a scheduler has at most 1024");
  }
}

TEST(Scheduler, IsSharedByTheProcess) {
  Scheduler* const shared = Scheduler::shared().value();
  EXPECT_EQ(Scheduler::shared().value(), shared);
  EXPECT_EQ(shared->run([] { return 5; }).value(), 5);
}

// From its destructor, which runs after everything that was made later has ended.
struct UsesItAtTheEnd {
  ~UsesItAtTheEnd() {
    const auto five = Scheduler::shared().value()->run([] { return 5; });
    if (!five || *five != 5) std::_Exit(1);
  }
};

TEST(Scheduler, DestructorsOfStaticObjectsMayUseTheSharedOne) {
  static const UsesItAtTheEnd one;
  ASSERT_TRUE(Scheduler::shared());
  static const UsesItAtTheEnd another;
}

}  // namespace
}  // namespace libabi::task
