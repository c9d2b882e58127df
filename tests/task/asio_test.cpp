// Tasks and Boost.Asio's coroutines, against a real io_context.
#include <abi/task/asio.hpp>
#include <abi/task/when_any.hpp>

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

namespace asio = boost::asio;
using test::Gate;
using test::Worker;

asio::awaitable<int> asio_give(int value) {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  co_return value;
}
asio::awaitable<void> asio_fail() {
  throw std::runtime_error("asio threw");
  co_return;
}
asio::awaitable<void> asio_wait_long() {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(asio::use_awaitable);
}

// An io_context and the thread that runs it.
struct Io {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::jthread thread{[this] { context.run(); }};
  ~Io() { work.reset(); }
  auto executor() { return context.get_executor(); }
};

TEST(Asio, ATaskAwaitsAnAwaitableAndComesBack) {
  Io io;
  const auto run = [&]() -> Task<int> {
    const std::thread::id home = std::this_thread::get_id();
    int sum = 0;
    for (int i = 0; i < 100; ++i) {
      ABI_CO_TRY(const int value, co_await from_asio(io.executor(), asio_give(i)));
      if (std::this_thread::get_id() != home) co_return error(ErrorCode::internal, "it did not come back");
      sum += value;
    }
    co_return sum;
  };
  EXPECT_EQ(sync_wait(run()).value(), 4950);
}

TEST(Asio, AnExceptionOfAnAwaitableIsTheError) {
  Io io;
  const auto run = [&]() -> Task<void> { co_return co_await from_asio(io.executor(), asio_fail()); };
  EXPECT_EQ(sync_wait(run()).error().message, "asio threw");
}

TEST(Asio, AStopOfTheTaskCancelsTheAwaitable) {
  Io io;
  Gate gate;
  const auto wait = [&]() -> Task<void> {
    gate.open();
    co_return co_await from_asio(io.executor(), asio_wait_long());
  };
  const auto quick = [&]() -> Task<void> { co_return co_await gate.wait(); };
  const auto run = [&]() -> Task<std::size_t> {
    ABI_CO_TRY(const auto first, co_await when_any(wait(), quick()));
    co_return first.index();
  };
  for (int i = 0; i < 50; ++i) EXPECT_EQ(sync_wait(run()).value(), 1u);
  StopSource source;
  const auto stop = [&]() -> Task<void> {
    source.request_stop();
    co_return co_await from_asio(io.executor(), asio_wait_long());
  };
  EXPECT_EQ(sync_wait(stop(), {.stop = source.get_token()}).error().code, ErrorCode::cancelled);
}

Task<int> give(int value) { co_return value; }

TEST(Asio, AnAwaitableAwaitsATaskAndStaysOnItsContext) {
  asio::io_context context(1);
  Worker worker;
  int sum = 0;
  const auto where = [&]() -> Task<std::thread::id> { co_return std::this_thread::get_id(); };
  const auto run = [&]() -> asio::awaitable<void> {
    const std::thread::id home = std::this_thread::get_id();
    for (int i = 0; i < 100; ++i) {
      sum += (co_await to_asio(give(i))).value();
      EXPECT_EQ((co_await to_asio(worker.executor(), where())).value(), worker.id());
      EXPECT_EQ(std::this_thread::get_id(), home);
    }
    const Result<int> failed = co_await to_asio([]() -> Task<int> { return unavailable("llm"); }());
    EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  };
  asio::co_spawn(context, run(), asio::detached);
  context.run();
  EXPECT_EQ(sum, 4950);
}

TEST(Asio, ACancellationOfTheAwaitableStopsTheTask) {
  asio::io_context context(1);
  Gate gate;
  asio::cancellation_signal signal;
  std::optional<Result<void>> seen;
  const auto wait = [&]() -> Task<void> { co_return co_await gate.wait(); };
  const auto run = [&]() -> asio::awaitable<void> { seen = co_await to_asio(wait()); };
  asio::co_spawn(context, run(), asio::bind_cancellation_slot(signal.slot(), asio::detached));
  asio::post(context, [&] { signal.emit(asio::cancellation_type::terminal); });
  context.run();
  EXPECT_FALSE(gate.awaited());
  if (seen) {
    EXPECT_EQ(seen->error().code, ErrorCode::cancelled);
  }
}

TEST(Asio, AnIoContextIsAnExecutor) {
  asio::io_context context(1);
  AsioExecutor executor(context.get_executor());
  std::optional<Result<int>> seen;
  const auto run = [&]() -> Task<int> {
    if (Executor::current() != &executor) co_return error(ErrorCode::internal, "not on the executor");
    for (int i = 0; i < 1000; ++i) ABI_CO_TRY(co_await schedule_on(executor));
    co_return co_await give(3);
  };
  ASSERT_TRUE(start(executor, run(), [&](Result<int> result) { seen = std::move(result); }));
  EXPECT_FALSE(seen);
  context.run();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->value(), 3);
}

TEST(Asio, JobsFromOtherThreadsReachAnIoContext) {
  Io io;
  AsioExecutor executor(io.executor());
  const auto where = [&]() -> Task<bool> { co_return std::this_thread::get_id() == io.thread.get_id(); };
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(sync_wait(executor, where()).value());
}

}  // namespace
}  // namespace libabi::task
