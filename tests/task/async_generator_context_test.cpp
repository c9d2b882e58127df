// What a generator is given by those who ask it for items.
#include <abi/task/async_generator.hpp>
#include <abi/task/sync_wait.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

AsyncGenerator<int> count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
  co_return {};
}

TEST(AsyncGenerator, AStopReachesTheAwaitsOfTheBody) {
  StopSource source;
  test::Gate gate;
  test::Queue queue;
  std::optional<Result<void>> done;
  const auto waits = [](test::Gate& at) -> AsyncGenerator<int> {
    ABI_CO_TRY(co_await at.wait());
    co_yield 1;
    co_return {};
  };
  const auto run = [&]() -> Task<void> {
    auto generator = waits(gate);
    ABI_CO_TRY(co_await generator.next());
    co_return {};
  };
  ASSERT_TRUE(start(queue, run(), [&](Result<void> result) { done = std::move(result); }, {.stop = source.get_token()}));
  queue.run_all();
  EXPECT_TRUE(gate.awaited());
  source.request_stop();
  queue.run_all();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error().code, ErrorCode::cancelled);
}

TEST(AsyncGenerator, UnderAStoppedTokenNextIsCancelledAndTheBodyStaysWhereItIs) {
  StopSource source;
  auto generator = count_to(2);
  const auto run = [&]() -> Task<void> {
    source.request_stop();
    ABI_CO_TRY(co_await generator.next());
    co_return {};
  };
  EXPECT_EQ(sync_wait(run(), {.stop = source.get_token()}).error().code, ErrorCode::cancelled);
  EXPECT_EQ(generator.pull().value(), 1);
  EXPECT_EQ(generator.pull().value(), 2);
}

TEST(AsyncGenerator, ASwitchOfTheBodyEndsWithTheItem) {
  test::Worker worker;
  const auto away = [](Executor& executor) -> AsyncGenerator<std::thread::id> {
    for (int i = 0; i < 3; ++i) {
      ABI_CO_TRY(co_await schedule_on(executor));
      co_yield std::this_thread::get_id();
    }
    co_return {};
  };
  const auto run = [&]() -> Task<int> {
    const std::thread::id home = std::this_thread::get_id();
    auto generator = away(worker.executor());
    for (int items = 0;; ++items) {
      ABI_CO_TRY(const std::optional<std::thread::id> id, co_await generator.next());
      if (std::this_thread::get_id() != home) co_return error(ErrorCode::internal, "the consumer did not come back");
      if (!id) co_return items;
      if (*id != worker.id()) co_return error(ErrorCode::internal, "the body did not move");
    }
  };
  EXPECT_EQ(sync_wait(run()).value(), 3);
}

}  // namespace
}  // namespace libabi::task
