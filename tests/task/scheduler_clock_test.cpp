// The timers of a scheduler, by a time that stands still until it is moved: who fires them, and who sleeps until when.
#include "scheduler/core.hpp"

#include "scheduler_jobs.hpp"

#include <abi/task/manual_clock.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <memory>
#include <optional>
#include <vector>

namespace libabi::task {
namespace {

using namespace std::chrono_literals;
using detail::Core;
using test::becomes_true;
using test::BusyWorker;
using test::Call;

struct Bell : Timer {
  Bell() : Timer(ring) {}
  static void ring(Timer& timer) noexcept {
    auto& self = static_cast<Bell&>(timer);
    self.on = Executor::current();
    self.rings.fetch_add(1, std::memory_order_release);
  }
  int times() const { return rings.load(std::memory_order_acquire); }
  bool rings_soon() const {
    return becomes_true([this] { return times() != 0; });
  }
  std::atomic<int> rings{0};
  Executor* on = nullptr;
};

// A scheduler whose time stands still until it is moved.
struct Timed {
  explicit Timed(unsigned threads) {
    auto made = Core::create({.threads = threads}, nullptr, &time).value();
    core = made.get();
    scheduler = Core::put_behind_a_face(std::move(made)).value();
    clock = scheduler->clock().value();
  }
  void advance(Clock::Duration by) {
    time.advance(by);
    core->time.look_again();
  }
  unsigned sleepers() const {
    const SchedulerCounters counters = scheduler->counters();
    return static_cast<unsigned>(counters.parks - counters.wakes);
  }
  bool sleeps() const {
    return becomes_true([this] { return sleepers() == scheduler->threads() && !core->time.is_unkept(); });
  }
  ManualClock time;
  Core* core;
  std::unique_ptr<Scheduler> scheduler;
  Clock* clock;
};

class SchedulerClock : public testing::TestWithParam<unsigned> {
 protected:
  Timed timed_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Threads, SchedulerClock, testing::Values(1u, 2u, 3u), testing::PrintToStringParamName());

TEST_P(SchedulerClock, FiresOnAWorkerThatSleepsUntilThen) {
  ASSERT_TRUE(timed_.sleeps());
  Bell bell;
  timed_.clock->arm(bell, timed_.clock->after(1h));
  ASSERT_TRUE(timed_.sleeps());
  const std::uint64_t parks = timed_.scheduler->counters().parks;
  timed_.advance(1h - 1ms);
  ASSERT_TRUE(becomes_true([&] { return timed_.scheduler->counters().parks > parks; }));
  ASSERT_TRUE(timed_.sleeps());
  EXPECT_EQ(bell.times(), 0) << "it has looked, and slept again";
  timed_.advance(2ms);
  EXPECT_TRUE(bell.rings_soon());
  EXPECT_EQ(bell.on, timed_.scheduler.get());
}

TEST_P(SchedulerClock, EarlierTimerOvertakesTheOneThatIsSleptFor) {
  Bell far, near;
  timed_.clock->arm(far, timed_.clock->after(1h));
  ASSERT_TRUE(timed_.sleeps());
  timed_.clock->arm(near, timed_.clock->after(1s));
  ASSERT_TRUE(timed_.sleeps());
  timed_.advance(1s + 1ms);
  EXPECT_TRUE(near.rings_soon());
  EXPECT_EQ(far.times(), 0);
  EXPECT_TRUE(timed_.clock->cancel(far));
}

TEST_P(SchedulerClock, WorkerThatRunsJobAfterJobLooksAtIt) {
  std::atomic<bool> stop = false;
  std::latch ended(GetParam());
  std::deque<Call> endless;
  for (unsigned i = 0; i < GetParam(); ++i)
    endless.emplace_back([&, i] {
      if (stop)
        ended.count_down();
      else
        timed_.scheduler->submit(endless[i]);
    });
  for (Call& job : endless) timed_.scheduler->submit(job);
  Bell bell;
  timed_.clock->arm(bell, timed_.clock->after(1h));
  timed_.advance(1h + 1ms);
  EXPECT_TRUE(bell.rings_soon());
  stop = true;
  ended.wait();
}

TEST_P(SchedulerClock, JobsDoNotDisturbTheOneThatKeepsTheTimeWhileAnotherSleeps) {
  Bell bell;
  timed_.clock->arm(bell, timed_.clock->after(1h));
  ASSERT_TRUE(timed_.sleeps());
  const detail::Member* const keeper = timed_.core->time.keeper();
  ASSERT_NE(keeper, nullptr);
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t wakes = timed_.scheduler->counters().wakes;
    ASSERT_TRUE(timed_.scheduler->run([] {}));
    ASSERT_TRUE(timed_.sleeps());
    EXPECT_EQ(timed_.scheduler->counters().wakes, wakes + 1) << "one job, one system call";
    EXPECT_EQ(timed_.core->time.keeper(), keeper);
  }
  EXPECT_TRUE(timed_.clock->cancel(bell));
}

TEST_P(SchedulerClock, EndsWithTimersArmed) {
  std::vector<Bell> bells(100);
  for (std::size_t i = 0; i < bells.size(); ++i) timed_.clock->arm(bells[i], timed_.clock->after(i * 1h));
  timed_.scheduler.reset();
  for (std::size_t i = 1; i < bells.size(); ++i) EXPECT_EQ(bells[i].times(), 0);
}

TEST(SchedulerTime, AnotherSleeperKeepsItWhileTheKeeperIsCalledAway) {
  Timed timed(2);
  Bell bell;
  timed.clock->arm(bell, timed.clock->after(1h));
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(timed.sleeps());
    std::atomic<const detail::Worker*> called = nullptr;
    ASSERT_TRUE(timed.scheduler->gang(
        [&](GangMember& member) {
          if (member.index() == 1) called = detail::current_worker;
          member.barrier();
          EXPECT_TRUE(becomes_true([&] {
            const detail::Member* const keeper = timed.core->time.keeper();
            return keeper && keeper != called;
          }));
          member.barrier();
        },
        2));
  }
  EXPECT_TRUE(timed.clock->cancel(bell));
}

TEST(SchedulerTime, FiresWhileAllButOneAreAtWork) {
  Timed timed(3);
  Bell bell;
  timed.clock->arm(bell, timed.clock->after(1h));
  BusyWorker first(*timed.scheduler), second(*timed.scheduler);
  timed.advance(1h + 1ms);
  EXPECT_TRUE(bell.rings_soon());
}

TEST(SchedulerTime, FiresAtTheEndOfTheJobThatKeepsTheOnlyWorker) {
  Timed timed(1);
  Bell bell;
  std::optional<BusyWorker> busy(*timed.scheduler);
  timed.clock->arm(bell, timed.clock->after(1h));
  timed.advance(1h + 1ms);
  EXPECT_EQ(bell.times(), 0);
  busy.reset();
  EXPECT_TRUE(bell.rings_soon());
}

TEST(SchedulerTime, TimersArmAndCancelOneAnotherWhileTheyFire) {
  struct Chain : Timer {
    Chain() : Timer(ring) {}
    static void ring(Timer& timer) noexcept {
      auto& self = static_cast<Chain&>(timer);
      EXPECT_FALSE(self.clock->cancel(self));
      EXPECT_TRUE(self.clock->cancel(*self.other));
      if (++self.times == 5) return self.ended.count_down();
      self.clock->arm(*self.other, self.clock->after(1h));
      self.clock->arm(self, self.clock->now());
    }
    Clock* clock = nullptr;
    Bell* other = nullptr;
    int times = 0;
    std::latch ended{1};
  };
  Timed timed(2);
  Bell other;
  Chain chain;
  chain.clock = timed.clock;
  chain.other = &other;
  timed.clock->arm(other, timed.clock->after(1h));
  timed.clock->arm(chain, timed.clock->now());
  while (!chain.ended.try_wait()) timed.advance(1ms);
  EXPECT_EQ(other.times(), 0);
}

TEST(SchedulerTime, IsThatOfAnotherClockWhereOneIsGiven) {
  ManualClock manual;
  const auto scheduler = Scheduler::create({.threads = 1, .clock = &manual}).value();
  EXPECT_EQ(scheduler->clock().value(), &manual);
}

}  // namespace
}  // namespace libabi::task
