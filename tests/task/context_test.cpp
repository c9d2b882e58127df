// What flows down from the awaiting task to the awaited one, and where a task goes on.
#include <abi/task/schedule_on.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/task.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Gate;
using test::Queue;
using test::Worker;

Task<bool> is_stopped() { co_return (co_await current_stop_token()).stop_requested(); }
Task<TimePoint> told_deadline() { co_return co_await current_deadline(); }
Task<Executor*> told_executor() { co_return (co_await current_place()).executor; }
template <class T>
Task<T> through(Task<T> task) {
  co_return co_await task;
}

TEST(Context, FlowsDownToWhatIsAwaited) {
  StopSource source;
  const TimePoint deadline = TimePoint() + std::chrono::hours(1);
  EXPECT_EQ(sync_wait(through(told_deadline()), {.deadline = deadline}).value(), deadline);
  EXPECT_EQ(sync_wait(through(told_deadline())).value(), TimePoint::max());
  const auto token = []() -> Task<StopToken> { co_return co_await current_stop_token(); };
  EXPECT_EQ(sync_wait(through(token()), {.stop = source.get_token()}).value(), source.get_token());
  Queue queue;
  Result<Executor*> executor = nullptr;
  ASSERT_TRUE(start(queue, through(told_executor()), [&](Result<Executor*> result) { executor = result; }));
  queue.run_all();
  EXPECT_EQ(executor.value(), &queue);
}

TEST(Context, PriorityIsThatOfTheStartAndOfTheLastSwitch) {
  Queue queue;
  std::vector<Priority> seen;
  const auto look = [&]() -> Task<void> {
    seen.push_back((co_await current_place()).priority);
    co_return {};
  };
  const auto run = [&]() -> Task<void> {
    ABI_CO_TRY(co_await look());
    ABI_CO_TRY(co_await schedule_on(queue, Priority::low));
    ABI_CO_TRY(co_await look());
    Gate gate;
    gate.open();
    co_return co_await gate.wait();
  };
  ASSERT_TRUE(start(queue, run(), [](Result<void>) {}, {.priority = Priority::high}));
  queue.run_all();
  EXPECT_EQ(seen, (std::vector{Priority::high, Priority::low}));
  EXPECT_EQ(queue.priorities, (std::vector{Priority::high, Priority::low, Priority::high})) << "the last is who awaited it";
}

TEST(Context, AStoppedTokenEndsAnAwaitBeforeItBegins) {
  StopSource source;
  bool ran = false;
  const auto inner = [&]() -> Task<void> {
    ran = true;
    co_return {};
  };
  const auto outer = [&]() -> Task<void> {
    source.request_stop();
    co_return co_await inner();
  };
  EXPECT_EQ(sync_wait(outer(), {.stop = source.get_token()}).error().code, ErrorCode::cancelled);
  EXPECT_FALSE(ran);
}

TEST(Context, AStopReachesAnAwaitDeepDown) {
  StopSource source;
  Queue queue;
  Gate gate;
  const auto leaf = [&]() -> Task<void> { co_return co_await gate.wait(); };
  std::optional<Result<void>> done;
  ASSERT_TRUE(start(queue, through(through(leaf())), [&](Result<void> result) { done = std::move(result); },
                    {.stop = source.get_token()}));
  queue.run_all();
  EXPECT_TRUE(gate.awaited());
  EXPECT_FALSE(done);
  source.request_stop();
  queue.run_all();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error().code, ErrorCode::cancelled);
}

TEST(Context, TheReasonOfAStopIsTheCodeOfTheError) {
  Cancellation cancellation;
  Cancellation below;
  ASSERT_TRUE(cancellation.open());
  ASSERT_TRUE(below.open(cancellation.token(), &cancellation));
  const Context context{.stop = below.token(), .cancellation = &below};
  const auto run = [&]() -> Task<bool> { co_return co_await under(context, through(is_stopped())); };
  EXPECT_FALSE(sync_wait(run()).value());
  cancellation.request(ErrorCode::deadline_exceeded);
  cancellation.request(ErrorCode::cancelled);
  EXPECT_EQ(sync_wait(run()).error().code, ErrorCode::deadline_exceeded);
}

TEST(Context, AShieldedTaskRunsAfterTheStop) {
  StopSource source;
  bool cleaned = false;
  const auto clean = [&]() -> Task<void> {
    cleaned = !(co_await is_stopped()).value();
    co_return {};
  };
  const auto run = [&]() -> Task<void> {
    source.request_stop();
    co_return co_await shielded(clean());
  };
  EXPECT_TRUE(sync_wait(run(), {.stop = source.get_token()}));
  EXPECT_TRUE(cleaned);
}

TEST(ScheduleOn, MovesTheTaskAndSaysWhenItIsStopped) {
  Worker worker;
  StopSource source;
  const auto run = [&]() -> Task<bool> {
    ABI_CO_TRY(co_await schedule_on(worker.executor()));
    const bool there = std::this_thread::get_id() == worker.id();
    source.request_stop();
    const Result<void> hop = co_await schedule_on(worker.executor());
    co_return there && !hop && hop.error().code == ErrorCode::cancelled;
  };
  EXPECT_TRUE(sync_wait(run(), {.stop = source.get_token()}).value());
}

// Where a task is after an await.
TEST(Place, ASwitchOfTheAwaitedTaskEndsWithIt) {
  Worker worker;
  const auto there = [&]() -> Task<std::thread::id> {
    ABI_CO_TRY(co_await schedule_on(worker.executor()));
    co_return std::this_thread::get_id();
  };
  const auto run = [&]() -> Task<void> {
    const std::thread::id home = std::this_thread::get_id();
    for (int i = 0; i < 100; ++i) {
      ABI_CO_TRY(const std::thread::id away, co_await there());
      if (away != worker.id()) co_return error(ErrorCode::internal, "the task did not move");
      if (std::this_thread::get_id() != home) co_return error(ErrorCode::internal, "the task did not come back");
    }
    co_return {};
  };
  EXPECT_TRUE(sync_wait(run()));
}

TEST(Place, OnGoesThereAndComesBack) {
  Worker worker;
  const auto where = []() -> Task<std::thread::id> { co_return std::this_thread::get_id(); };
  const auto run = [&]() -> Task<bool> {
    ABI_CO_TRY(const std::thread::id away, co_await on(worker.executor(), where()));
    co_return away == worker.id() && std::this_thread::get_id() != worker.id();
  };
  EXPECT_TRUE(sync_wait(run()).value());
  EXPECT_EQ(sync_wait(worker.executor(), where()).value(), worker.id());
}

TEST(Place, WhatIsReleasedElsewhereComesBack) {
  Worker worker;
  Gate gate;
  const auto open = [&]() -> Task<void> {
    gate.open();
    co_return {};
  };
  const auto run = [&]() -> Task<bool> {
    const std::thread::id home = std::this_thread::get_id();
    ABI_CO_TRY(start(worker.executor(), open(), [](Result<void>) {}));
    ABI_CO_TRY(co_await gate.wait());
    co_return std::this_thread::get_id() == home;
  };
  EXPECT_TRUE(sync_wait(run()).value());
}

// Of another library: resumes whoever waits on a thread of its own.
struct Stranger {
  std::jthread& thread;
  bool suspends = true;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    if (!suspends) return false;
    std::jthread started([waiting] { waiting.resume(); });
    thread.swap(started);
    return true;
  }
  int await_resume() const noexcept { return 5; }
};

TEST(Place, AnAwaitableOfAnotherLibraryIsComeBackFromToo) {
  for (const bool suspends : {true, false}) {
    std::jthread thread;
    const auto run = [&]() -> Task<bool> {
      const std::thread::id home = std::this_thread::get_id();
      const int five = co_await Stranger{thread, suspends};
      co_return five == 5 && std::this_thread::get_id() == home;
    };
    EXPECT_TRUE(sync_wait(run()).value());
  }
}

struct Thrower {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) { throw std::runtime_error("no wait"); }
  void await_resume() const noexcept {}
};

TEST(Place, AnAwaitableThatThrowsEndsTheTask) {
  const auto run = []() -> Task<void> {
    co_await Thrower();
    co_return {};
  };
  EXPECT_EQ(sync_wait(run()).error().message, "no wait");
}

}  // namespace
}  // namespace libabi::task
