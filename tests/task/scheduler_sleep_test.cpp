// The clock of a scheduler by the machine's time, which shows that the sleep of a worker ends by itself.
#include "seed.hpp"

#include <abi/task/deadline.hpp>
#include <abi/task/scheduler.hpp>
#include <abi/task/sleep.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/task_scope.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <memory>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using namespace std::chrono_literals;

TEST(SchedulerSleep, EndsSleepByItself) {
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  Clock& clock = *scheduler->clock().value();
  for (const Clock::Duration wait : {0ns, 200'000ns, 3'000'000ns}) {
    const Clock::TimePoint when = clock.after(wait);
    const auto nap = [&]() -> Task<Executor*> {
      ABI_CO_TRY(co_await sleep_until(clock, when));
      co_return Executor::current();
    };
    EXPECT_EQ(sync_wait(*scheduler, nap()).value(), scheduler.get());
    EXPECT_GE(clock.now(), when);
  }
}

TEST(SchedulerSleep, StopsAJobThatComputesUntilItsDeadline) {
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  Clock& clock = *scheduler->clock().value();
  const auto compute = []() -> Task<void> {
    const StopToken stop = co_await current_stop_token();
    while (!stop.stop_requested()) std::this_thread::yield();
    co_return (co_await current_context())->check();
  };
  for (int round = 0; round < 20; ++round) {
    const Result<void> result = sync_wait(*scheduler, with_timeout(compute(), 500us, clock));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::deadline_exceeded);
  }
}

TEST(SchedulerSleep, TakesNoTimeOfTheProcessorWhileNoTimerIsNear) {
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  Clock& clock = *scheduler->clock().value();
  Timer far;
  clock.arm(far, clock.after(1h));
  struct Ring : Timer {
    Ring() : Timer([](Timer& self) noexcept { static_cast<Ring&>(self).rang.release(); }) {}
    std::binary_semaphore rang{0};
  } ring;
  const std::uint64_t parks = scheduler->counters().parks;
  const std::clock_t before = std::clock();
  clock.arm(ring, clock.after(100ms));
  ring.rang.acquire();
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 100) << "of 100 ms";
  EXPECT_LT(scheduler->counters().parks - parks, 20u);
  EXPECT_TRUE(clock.cancel(far));
}

// Each arming ends in exactly one of {fired, cancelled}, none fires early, and no sleeper is forgotten.
TEST(SchedulerSleep, FiresOrCancelsEachTimerOnceUnderThreads) {
  const std::uint64_t seed = test::seed();
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  Clock& clock = *scheduler->clock().value();
  struct Counted : Timer {
    Clock* clock;
    Clock::TimePoint when;
    std::atomic<int> fired{0};
    std::atomic<bool> early{false};
  };
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> users;
    for (unsigned user = 0; user < 3; ++user)
      users.emplace_back([&, user] {
        std::mt19937_64 random(seed + user);
        std::vector<Counted> timers(20);
        for (Counted& timer : timers) {
          timer.clock = &clock;
          timer.fire = [](Timer& fired) noexcept {
            auto& self = static_cast<Counted&>(fired);
            if (self.clock->now() < self.when) self.early = true;
            self.fired.fetch_add(1, std::memory_order_release);
          };
        }
        for (int round = 0; round < 100; ++round) {
          for (Counted& timer : timers) {
            timer.fired = 0;
            timer.when = clock.after(std::chrono::microseconds(random() % 400));
            clock.arm(timer, timer.when);
          }
          for (Counted& timer : timers) {
            const bool cancelled = random() % 2 == 0 && clock.cancel(timer);
            if (!cancelled)
              while (timer.fired.load(std::memory_order_acquire) == 0) std::this_thread::yield();
            if (timer.fired.load() != !cancelled || timer.early) ++wrong;
          }
        }
      });
  }
  EXPECT_EQ(wrong, 0);
}

TEST(SchedulerSleep, ManyCoroutinesSleepOnIt) {
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  Clock& clock = *scheduler->clock().value();
  std::atomic<int> naps = 0;
  const auto sleeper = [&](std::uint64_t own_seed) -> Task<void> {
    std::mt19937_64 random(own_seed);
    for (int i = 0; i < 5; ++i) {
      ABI_CO_TRY(co_await sleep_for(clock, std::chrono::microseconds(random() % 2000)));
      ++naps;
    }
    co_return {};
  };
  TaskScope scope(*scheduler);
  const std::uint64_t seed = test::seed();
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(scope.spawn(sleeper(seed + i)));
  EXPECT_TRUE(scope.wait());
  EXPECT_EQ(naps, 5000);
}

}  // namespace
}  // namespace libabi::task
