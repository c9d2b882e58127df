// Sleeping, and limits of time.
#include "fiber.hpp"
#include "seed.hpp"

#include "memory/failing_malloc.hpp"

#include <abi/task/async_event.hpp>
#include <abi/task/channel.hpp>
#include <abi/task/deadline.hpp>
#include <abi/task/manual_clock.hpp>
#include <abi/task/manual_executor.hpp>
#include <abi/task/sleep.hpp>
#include <abi/task/sync_wait.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <deque>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using namespace std::chrono_literals;
using test::Fiber;

struct Sleeper {
  StopSource source;
  Context context{.stop = source.get_token()};
  std::optional<Result<void>> result;
  Clock::TimePoint woke{};
};
Fiber doze(Clock& clock, Clock::TimePoint end, Sleeper& sleeper) {
  sleeper.result.emplace(co_await sleep_until(clock, end));
  sleeper.woke = clock.now();
}

TEST(Sleep, WakesAtItsTimeOrWhenItIsStopped) {
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 100; ++round) {
    ManualExecutor executor(random());
    ManualClock clock;
    std::deque<Sleeper> sleepers(30);
    std::vector<Fiber> fibers;
    std::vector<Clock::TimePoint> ends;
    std::vector<Clock::TimePoint> stops;
    for (Sleeper& sleeper : sleepers) {
      ends.emplace_back(std::chrono::nanoseconds(1 + random() % 1000));
      stops.emplace_back(std::chrono::nanoseconds(random() % 3 == 0 ? 1 + random() % 1000 : 5000));
      fibers.push_back(doze(clock, ends.back(), sleeper));
      fibers.back().start(&sleeper.context, &executor);
    }
    for (int time = 1; time <= 1000; ++time) {
      clock.advance(1ns);
      for (std::size_t i = 0; i < sleepers.size(); ++i)
        if (stops[i] == clock.now()) sleepers[i].source.request_stop();
      executor.run_all();
    }
    for (std::size_t i = 0; i < sleepers.size(); ++i) {
      ASSERT_TRUE(fibers[i].done());
      ASSERT_EQ(sleepers[i].woke, std::min(ends[i], stops[i]));
      ASSERT_EQ(sleepers[i].result.value().has_value(), ends[i] <= stops[i]);
    }
    ASSERT_EQ(clock.advance_to_next(), 0u) << "no timer is left";
  }
}

TEST(Sleep, DoesNotSuspendForThePastNorWhenStopped) {
  ManualClock clock(Clock::TimePoint(1s));
  Sleeper past;
  EXPECT_TRUE(doze(clock, clock.now(), past).start(&past.context).done());
  EXPECT_TRUE(*past.result);
  Sleeper stopped;
  stopped.source.request_stop();
  EXPECT_TRUE(doze(clock, clock.after(1s), stopped).start(&stopped.context).done());
  EXPECT_EQ(stopped.result->error().code, ErrorCode::cancelled);
}

Fiber sleep_often(Clock& clock, int times, int& count) {
  for (int i = 0; i < times; ++i)
    if (co_await sleep_for(clock, 1ms)) ++count;
}

TEST(Sleep, AllocatesNothing) {
  ManualClock clock;
  StopSource source;
  const Context stoppable{.stop = source.get_token()};
  for (const Context* const context : {static_cast<const Context*>(nullptr), &stoppable}) {
    int count = 0;
    Fiber fiber = sleep_often(clock, 1000, count);
    const test::FailingMalloc nothing(0);
    fiber.start(context);
    clock.advance(1s);
    EXPECT_FALSE(nothing.hit());
    EXPECT_EQ(count, 1000);
    EXPECT_TRUE(fiber.done());
  }
}

// A stop that comes while the wait is about to begin is not lost.
TEST(Sleep, IsStoppedWhileItBegins) {
  ManualClock clock;
  for (int round = 0; round < 2000; ++round) {
    Sleeper sleeper;
    Fiber fiber = doze(clock, clock.after(1s), sleeper);
    {
      std::barrier together(2);
      const std::jthread stopper([&] {
        together.arrive_and_wait();
        sleeper.source.request_stop();
      });
      together.arrive_and_wait();
      fiber.start(&sleeper.context);
    }
    ASSERT_TRUE(fiber.done());
    ASSERT_EQ(sleeper.result.value().error().code, ErrorCode::cancelled);
    ASSERT_EQ(clock.advance_to_next(), 0u);
  }
}

// The timer's thread and a stop race for the same sleepers.
TEST(Sleep, EndsOnceUnderThreads) {
  const auto clock = SystemClock::create().value();
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 50; ++round) {
    std::deque<Sleeper> sleepers(40);
    std::vector<Fiber> fibers;
    for (Sleeper& sleeper : sleepers)
      fibers.push_back(doze(*clock, clock->after(std::chrono::microseconds(random() % 400)), sleeper));
    {
      const std::jthread stopper([&] {
        for (std::size_t i = 0; i < sleepers.size(); i += 2) sleepers[i].source.request_stop();
      });
      for (std::size_t i = 0; i < sleepers.size(); ++i) fibers[i].start(&sleepers[i].context);
    }
    for (const Fiber& fiber : fibers)
      while (!fiber.done()) std::this_thread::yield();
    for (std::size_t i = 1; i < sleepers.size(); i += 2) ASSERT_TRUE(*sleepers[i].result);
  }
}

Task<int> answer_after(Clock& clock, Clock::Duration wait, bool anyway = false) {
  const Result<void> slept = co_await sleep_for(clock, wait);
  if (!slept && !anyway) co_return std::unexpected(slept.error());
  co_return 42;
}

template <class T>
Fiber run(Task<T> task, std::optional<Result<T>>& result) {
  result.emplace(co_await task);
}

TEST(Deadline, GivesWhatCameInTime) {
  ManualClock clock;
  std::optional<Result<int>> result;
  Fiber fiber = run(with_timeout(answer_after(clock, 5ms), 10ms, clock), result);
  fiber.start();
  clock.advance(5ms);
  EXPECT_EQ(result.value().value(), 42);
  EXPECT_EQ(clock.advance_to_next(), 0u) << "its timer is gone";
}

TEST(Deadline, StopsWhatIsLate) {
  ManualClock clock;
  std::optional<Result<int>> result;
  Fiber fiber = run(with_timeout(answer_after(clock, 50ms), 10ms, clock), result);
  fiber.start();
  clock.advance(10ms - 1ns);
  EXPECT_FALSE(result);
  clock.advance(1ns);
  EXPECT_EQ(result.value().error().code, ErrorCode::deadline_exceeded);
  EXPECT_EQ(clock.advance_to_next(), 0u);
}

TEST(Deadline, ValueThatCameLateIsTheResult) {
  ManualClock clock;
  std::optional<Result<int>> result;
  Fiber fiber = run(with_timeout(answer_after(clock, 50ms, true), 10ms, clock), result);
  fiber.start();
  clock.advance(10ms);
  EXPECT_EQ(result.value().value(), 42);
}

TEST(Deadline, ThatIsPastLetsNothingBegin) {
  ManualClock clock(Clock::TimePoint(1s));
  bool begun = false;
  const auto body = [](bool& flag) -> Task<int> {
    flag = true;
    co_return 1;
  };
  std::optional<Result<int>> result;
  Fiber fiber = run(with_deadline(body(begun), clock.now(), clock), result);
  EXPECT_TRUE(fiber.start().done());
  EXPECT_EQ(result.value().error().code, ErrorCode::deadline_exceeded);
  EXPECT_FALSE(begun);
}

TEST(Deadline, StopFromAboveIsCancelledAndNotLate) {
  for (const bool on_executor : {false, true}) {
    ManualExecutor executor(1);
    ManualClock clock;
    StopSource source;
    const Context context{.stop = source.get_token()};
    std::optional<Result<int>> result;
    Fiber fiber = run(with_timeout(with_timeout(answer_after(clock, 50ms), 20ms, clock), 10ms, clock), result);
    fiber.start(&context, on_executor ? &executor : nullptr);
    source.request_stop();
    executor.run_all();
    EXPECT_TRUE(fiber.done());
    EXPECT_EQ(result.value().error().code, ErrorCode::cancelled);
    EXPECT_EQ(clock.advance_to_next(), 0u);
  }
}

TEST(Deadline, EarlierOneWinsAndIsWhatIsSeenBelow) {
  ManualClock clock;
  Clock::TimePoint seen{};
  const auto body = [](Clock& on, Clock::TimePoint& below) -> Task<int> {
    below = co_await current_deadline();
    ABI_CO_TRY(co_await sleep_for(on, 1h));
    co_return 1;
  };
  for (const auto& [outer, inner] : {std::pair(10ms, 20ms), std::pair(20ms, 10ms)}) {
    std::optional<Result<int>> result;
    const Clock::TimePoint start = clock.now();
    Fiber fiber = run(with_timeout(with_timeout(body(clock, seen), inner, clock), outer, clock), result);
    fiber.start();
    EXPECT_EQ(seen, start + 10ms);
    clock.advance(10ms);
    EXPECT_EQ(result.value().error().code, ErrorCode::deadline_exceeded);
  }
}

TEST(Deadline, OfOtherAwaitsTakesNothingWithIt) {
  ManualClock clock;
  const auto channel = Channel<std::unique_ptr<int>>::create(1).value();
  const auto body = [](Clock& on, Channel<std::unique_ptr<int>>& in) -> Task<int> {
    auto late = co_await with_timeout(in.receive(), 1ms, on);
    EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);
    EXPECT_TRUE(co_await with_timeout(in.send(std::make_unique<int>(3)), 1ms, on));
    EXPECT_FALSE(co_await with_timeout(in.send(std::make_unique<int>(4)), 1ms, on)) << "it is full";
    ABI_CO_TRY(auto item, co_await with_timeout(in.receive(), 1ms, on));
    EXPECT_EQ(co_await current_deadline(), Clock::TimePoint::max()) << "the context is the old one";
    co_return **item;
  };
  std::optional<Result<int>> result;
  Fiber fiber = run(body(clock, *channel), result);
  fiber.start();
  clock.advance(2ms);
  EXPECT_EQ(result.value().value(), 3);
}

struct Throws {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  Result<int> await_resume() const { throw std::runtime_error("foreign"); }
};

TEST(Deadline, ExceptionOfAForeignAwaitIsItsError) {
  ManualClock clock;
  std::optional<Result<int>> result;
  Fiber fiber = run(with_timeout(Throws(), 1ms, clock), result);
  fiber.start();
  EXPECT_EQ(result.value().error().message, "foreign");
  EXPECT_EQ(clock.advance_to_next(), 0u);
}

Fiber make_and_run(Clock& clock, std::optional<Result<int>>& result) {
  result.emplace(co_await with_timeout(answer_after(clock, 0ms), 1ms, clock));
}

TEST(Deadline, FailsWithoutMemoryAndLeavesNothing) {
  ManualClock clock;
  for (std::uint64_t n = 0;; ++n) {
    std::optional<Result<int>> result;
    Fiber fiber = make_and_run(clock, result);
    const test::FailingMalloc fault(n);
    fiber.start();
    ASSERT_TRUE(fiber.done());
    EXPECT_EQ(clock.advance_to_next(), 0u);
    if (!fault.hit()) break;
    EXPECT_EQ(result.value().error().code, ErrorCode::exhausted);
  }
}

// The timer fires while the result comes, on another thread.
TEST(Deadline, RacesWithItsResultUnderThreads) {
  const auto clock = SystemClock::create().value();
  const auto body = [](Clock& on, int rounds) -> Task<void> {
    for (int i = 0; i < rounds; ++i) {
      const auto result = co_await with_timeout(answer_after(on, 150us), 150us, on);
      EXPECT_TRUE(result || result.error().code == ErrorCode::deadline_exceeded);
    }
    co_return {};
  };
  EXPECT_TRUE(sync_wait(body(*clock, 500)));
}

}  // namespace
}  // namespace libabi::task
