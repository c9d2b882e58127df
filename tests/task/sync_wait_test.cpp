#include <abi/base/log.hpp>
#include <abi/task/sync_wait.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Gate;
using test::Queue;
using test::Worker;

Task<std::thread::id> where() { co_return std::this_thread::get_id(); }

TEST(SyncWait, RunsTheTaskOnThisThread) { EXPECT_EQ(sync_wait(where()).value(), std::this_thread::get_id()); }

TEST(SyncWait, SleepsUntilAnotherThreadCompletesWhatTheTaskWaitsFor) {
  for (int round = 0; round < 200; ++round) {
    Gate gate;
    std::jthread opener([&] {
      while (!gate.awaited()) std::this_thread::yield();
      gate.open();
    });
    const auto run = [&]() -> Task<bool> {
      const std::thread::id home = std::this_thread::get_id();
      ABI_CO_TRY(co_await gate.wait());
      co_return std::this_thread::get_id() == home;
    };
    EXPECT_TRUE(sync_wait(run()).value());
  }
}

TEST(SyncWait, MayBeNestedInATask) {
  Gate gate;
  const auto open = [&]() -> Task<void> {
    gate.open();
    co_return {};
  };
  const auto outer = [&]() -> Task<int> {
    ABI_CO_TRY(co_await where());
    ABI_CO_TRY(sync_wait(open()));
    ABI_CO_TRY(co_await gate.wait());
    ABI_CO_TRY(const auto id, sync_wait(where()));
    co_return id == std::this_thread::get_id() ? 1 : 0;
  };
  EXPECT_EQ(sync_wait(outer()).value(), 1);
}

TEST(SyncWait, FromManyThreadsOnOneExecutor) {
  Worker worker;
  std::vector<std::jthread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) right += sync_wait(worker.executor(), where()).value() == worker.id();
    });
  threads.clear();
  EXPECT_EQ(right, 800);
}

TEST(Start, CallsBackWhenTheTaskIsOver) {
  Queue queue;
  std::vector<std::string> seen;
  const auto greet = [&](std::string name) -> Task<std::string> {
    seen.push_back("began");
    co_return "hello " + name;
  };
  ASSERT_TRUE(start(queue, greet("you"), [&](Result<std::string> result) { seen.push_back(result.value()); }));
  EXPECT_TRUE(seen.empty());
  queue.run_all();
  EXPECT_EQ(seen, (std::vector<std::string>{"began", "hello you"}));
}

TEST(Start, OfAStoppedTokenCallsBackWithCancelled) {
  Queue queue;
  StopSource source;
  source.request_stop();
  std::optional<ErrorCode> code;
  ASSERT_TRUE(
      start(queue, where(), [&](Result<std::thread::id> result) { code = result.error().code; }, {.stop = source.get_token()}));
  queue.run_all();
  EXPECT_EQ(code, ErrorCode::cancelled);
}

TEST(Start, WhatTheCallbackThrowsIsLogged) {
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  Queue queue;
  ASSERT_TRUE(start(queue, where(), [](Result<std::thread::id>) { throw std::runtime_error("lost"); }));
  queue.run_all();
  set_log_sink({});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("lost"), std::string::npos);
}

}  // namespace
}  // namespace libabi::task
