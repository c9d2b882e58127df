#include "seed.hpp"

#include "memory/failing_malloc.hpp"

#include <abi/task/manual_clock.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using namespace std::chrono_literals;
using TimePoint = Clock::TimePoint;

// Notes when it fired.
struct Alarm : Timer {
  explicit Alarm(Clock& on) : Timer(ring), clock(&on) {}
  static void ring(Timer& timer) noexcept {
    auto& self = static_cast<Alarm&>(timer);
    self.rang_at = self.clock->now();
    ++self.times;
    if (self.log) self.log->push_back(&self);
    if (self.then) self.then(self);
  }
  Clock* clock;
  TimePoint rang_at{};
  int times = 0;
  std::vector<Alarm*>* log = nullptr;
  void (*then)(Alarm& self) = nullptr;
  Alarm* other = nullptr;
};

TEST(ManualClock, FiresAtTheVeryNanosecondAndInOrder) {
  ManualClock clock(TimePoint(1h));
  std::vector<Alarm*> log;
  std::vector<std::unique_ptr<Alarm>> alarms;
  std::mt19937_64 random(test::seed());
  std::multimap<TimePoint, Alarm*> expected;  // those of one time in the order of insertion
  for (int i = 0; i < 3000; ++i) {
    alarms.push_back(std::make_unique<Alarm>(clock));
    alarms.back()->log = &log;
    const TimePoint when = clock.now() + std::chrono::nanoseconds(random() % (i % 2 ? 1000 : 1'000'000'000'000));
    clock.arm(*alarms.back(), when);
    expected.emplace(when, alarms.back().get());
  }
  while (clock.advance(std::chrono::nanoseconds(random() % 10'000'000'000)), log.size() != expected.size()) {
  }
  std::size_t i = 0;
  for (const auto& [when, alarm] : expected) {
    ASSERT_EQ(log[i], alarm) << i;
    ASSERT_EQ(log[i++]->rang_at, when) << i;
  }
}

TEST(ManualClock, StandsStillUntilItIsAdvanced) {
  ManualClock clock;
  Alarm alarm(clock);
  clock.arm(alarm, clock.after(10ms));
  EXPECT_EQ(clock.advance(10ms - 1ns), 0u);
  EXPECT_EQ(alarm.times, 0);
  EXPECT_EQ(clock.advance(1ns), 1u);
  EXPECT_EQ(alarm.times, 1);
  EXPECT_EQ(clock.now(), TimePoint(10ms));
  EXPECT_EQ(clock.advance_to(TimePoint(5ms)), 0u);
  EXPECT_EQ(clock.now(), TimePoint(10ms)) << "time does not go back";
}

TEST(ManualClock, GoesOnToTheNextTimer) {
  ManualClock clock;
  Alarm near(clock);
  Alarm far(clock);
  Alarm never(clock);
  clock.arm(far, TimePoint(24h * 365));
  clock.arm(near, TimePoint(7ns));
  clock.arm(never, TimePoint::max());
  EXPECT_EQ(clock.advance_to_next(), 1u);
  EXPECT_EQ(clock.now(), TimePoint(7ns));
  EXPECT_EQ(clock.advance_to_next(), 1u);
  EXPECT_EQ(far.rang_at, TimePoint(24h * 365));
  EXPECT_EQ(clock.advance_to_next(), 0u);
  EXPECT_EQ(clock.now(), TimePoint(24h * 365));
  EXPECT_TRUE(clock.cancel(never));
}

TEST(ManualClock, TimeThatIsPastIsDueAtTheNextAdvance) {
  ManualClock clock(TimePoint(1s));
  Alarm past(clock);
  Alarm present(clock);
  Alarm before_the_beginning(clock);
  clock.arm(past, TimePoint(1ms));
  clock.arm(present, TimePoint(1s));
  clock.arm(before_the_beginning, TimePoint(-5s));
  EXPECT_EQ(past.times + present.times, 0) << "arm() does not call it";
  EXPECT_EQ(clock.advance(0ns), 3u);
  EXPECT_EQ(past.rang_at, TimePoint(1s));
}

TEST(ManualClock, TimersArmAndCancelOneAnotherWhileTheyFire) {
  ManualClock clock;
  Alarm first(clock);
  Alarm second(clock);
  Alarm third(clock);
  first.other = &second;
  first.then = [](Alarm& self) { EXPECT_TRUE(self.clock->cancel(*self.other)); };
  third.then = [](Alarm& self) {
    EXPECT_FALSE(self.clock->cancel(self)) << "it is not armed while it fires";
    if (self.times < 4) self.clock->arm(self, self.clock->after(1ms));
  };
  for (Alarm* const alarm : {&first, &second, &third}) clock.arm(*alarm, TimePoint(1ms));
  EXPECT_EQ(clock.advance(1s), 1u + 4u);
  EXPECT_EQ(second.times, 0);
  EXPECT_EQ(third.rang_at, TimePoint(4ms)) << "each at its own time";
  EXPECT_EQ(clock.now(), TimePoint(1s));
}

TEST(ManualClock, ArmingAgainMovesATimer) {
  ManualClock clock;
  Alarm alarm(clock);
  for (int i = 0; i < 10; ++i) {
    clock.arm(alarm, clock.after(30s));
    EXPECT_EQ(clock.advance(20s), 0u);
  }
  EXPECT_EQ(clock.advance(10s), 1u);
  EXPECT_EQ(alarm.times, 1);
}

TEST(ManualClock, SumsThatLeaveTheEndOfTimeAreNever) {
  const ManualClock clock(TimePoint(1h));
  EXPECT_EQ(clock.after(Clock::Duration::max()), TimePoint::max());
  EXPECT_EQ(clock.after(-2h), TimePoint(-1h));
}

TEST(Clocks, AllocateNothing) {
  ManualClock manual;
  PolledClock polled;
  std::vector<Timer> timers(1000);
  for (Timer& timer : timers) timer.fire = [](Timer&) noexcept {};
  const test::FailingMalloc nothing(0);
  for (Clock* const clock : {static_cast<Clock*>(&manual), static_cast<Clock*>(&polled)}) {
    for (std::size_t i = 0; i < timers.size(); ++i) clock->arm(timers[i], clock->after(std::chrono::microseconds(i * i)));
    for (std::size_t i = 0; i < timers.size(); i += 3) clock->cancel(timers[i]);
    if (clock == &manual) manual.advance(1min);
    for (Timer& timer : timers) clock->cancel(timer);
  }
  EXPECT_FALSE(nothing.hit());
}

TEST(PolledClock, FiresWhatIsDueAndSaysWhenToComeBack) {
  PolledClock clock;
  Alarm due(clock);
  Alarm later(clock);
  EXPECT_EQ(clock.fire_due(), TimePoint::max());
  clock.arm(due, clock.now() - 1s);
  clock.arm(later, clock.after(1h));
  const TimePoint next = clock.fire_due();
  EXPECT_EQ(due.times, 1);
  EXPECT_EQ(later.times, 0);
  EXPECT_GT(next, clock.now());
  EXPECT_LE(next, clock.after(1h) + 66us);
  EXPECT_TRUE(clock.cancel(later));
  EXPECT_EQ(clock.fire_due(), TimePoint::max());
}

TEST(PolledClock, NeverFiresEarly) {
  PolledClock clock;
  Alarm alarm(clock);
  for (int i = 0; i < 300; ++i) {
    const TimePoint when = clock.after(std::chrono::nanoseconds(i * 1000));
    alarm.times = 0;
    clock.arm(alarm, when);
    while (alarm.times == 0) static_cast<void>(clock.fire_due());
    ASSERT_GE(alarm.rang_at, when);
  }
}

TEST(PolledClock, WakesWhoeverWaitsOnlyForAnEarlierTimer) {
  int wakes = 0;
  PolledClock clock([](void* count) noexcept { ++*static_cast<int*>(count); }, &wakes);
  Timer hour;
  Timer day;
  Timer minute;
  EXPECT_EQ(clock.fire_due(), TimePoint::max());
  clock.arm(hour, clock.after(1h));
  EXPECT_EQ(wakes, 1);
  clock.arm(day, clock.after(24h));
  EXPECT_EQ(wakes, 1);
  static_cast<void>(clock.fire_due());
  clock.arm(day, clock.after(25h));
  EXPECT_EQ(wakes, 1);
  clock.arm(minute, clock.after(1min));
  EXPECT_EQ(wakes, 2);
}

// Threads that arm, move and cancel while another fires: each arming ends in exactly one of {fired, cancelled}.
TEST(PolledClock, FiresOrCancelsEachTimerOnceUnderThreads) {
  struct Counted : Timer {
    std::atomic<int> fired{0};
  };
  PolledClock clock;
  std::atomic<bool> ended = false;
  std::atomic<std::uint64_t> wrong = 0;
  const std::uint64_t seed = test::seed();
  {
    const std::jthread driver([&] {
      while (!ended) static_cast<void>(clock.fire_due());
    });
    std::vector<std::jthread> users;
    std::latch running(3);
    for (unsigned user = 0; user < 3; ++user)
      users.emplace_back([&, user] {
        std::mt19937_64 random(seed + user);
        std::vector<Counted> timers(50);
        for (Counted& timer : timers)
          timer.fire = [](Timer& self) noexcept { static_cast<Counted&>(self).fired.fetch_add(1, std::memory_order_release); };
        for (int round = 0; round < 400; ++round) {
          for (Counted& timer : timers) {
            timer.fired = 0;
            clock.arm(timer, clock.after(std::chrono::microseconds(random() % 200)));
          }
          for (Counted& timer : timers) {
            const bool cancelled = clock.cancel(timer);
            if (!cancelled)
              while (timer.fired.load(std::memory_order_acquire) == 0) std::this_thread::yield();
            if (timer.fired.load() != !cancelled) ++wrong;
          }
        }
        running.count_down();
      });
    running.wait();
    ended = true;
  }
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace libabi::task
