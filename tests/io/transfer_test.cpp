// Awaiting files, on every engine; and on the simulated disk in every order and with every cancellation.
#include "tools.hpp"

#include <abi/io/transfer.hpp>
#include <abi/task/manual_executor.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/task.hpp>

#include <array>
#include <optional>
#include <thread>

namespace libabi::io {
namespace {

using task::Task;

using Transfers = StorageTest;
INSTANTIATE_TEST_SUITE_P(, Transfers, testing::Values(Kind::ring, Kind::threads, Kind::simulated), name_of);

Task<std::uint64_t> copy(File& from, File& to) {
  std::array<std::byte, 1000> piece;
  std::uint64_t at = 0;
  for (;;) {
    ABI_CO_TRY(const std::size_t bytes, co_await async_read(from, at, piece));
    if (bytes == 0) break;
    ABI_CO_TRY(co_await async_write(to, at, std::span(piece).first(bytes)));
    at += bytes;
  }
  ABI_CO_TRY(co_await async_sync(to));
  co_return at;
}

TEST_P(Transfers, ATaskCopiesAFile) {
  std::vector<std::byte> content(12'345);
  std::mt19937 random(static_cast<unsigned>(seed()));
  for (std::byte& byte : content) byte = static_cast<std::byte>(random());
  const auto from = make("a"), to = make("b");
  ASSERT_TRUE(from->write(0, content));
  EXPECT_EQ(task::sync_wait(copy(*from, *to)).value(), content.size());
  EXPECT_EQ(*storage->read_file(at("b"), 20'000), content);
}

TEST_P(Transfers, AnErrorIsTheResult) {
  make("a");
  const auto reader = storage->open(at("a")).value();
  const std::vector<std::byte> text = bytes_of("x");
  const auto write = [&]() -> Task<void> { co_return co_await async_write(*reader, 0, text); };
  EXPECT_FALSE(task::sync_wait(write()));
}

TEST_P(Transfers, AStoppedTaskDoesNotBegin) {
  const auto file = make("a");
  const std::vector<std::byte> text = bytes_of("x");
  task::StopSource stop;
  const auto write = [&]() -> Task<void> {
    stop.request_stop();
    co_return co_await async_write(*file, 0, text);
  };
  EXPECT_EQ(task::sync_wait(write(), {.stop = stop.get_token()}).error().code, ErrorCode::cancelled);
  EXPECT_EQ(*file->size(), 0u);
}

TEST_P(Transfers, StoppingFromAnotherThreadEndsEachTransferOnce) {
  const auto file = make("a");
  const std::vector<std::byte> bytes(100'000, std::byte{1});
  for (int round = 0; round < 50; ++round) {
    task::StopSource stop;
    const auto write = [&]() -> Task<void> {
      for (int i = 0; i < 100; ++i) ABI_CO_TRY(co_await async_write(*file, 0, bytes));
      co_return {};
    };
    std::thread stopper([&] { stop.request_stop(); });
    const Result<void> result = task::sync_wait(write(), {.stop = stop.get_token()});
    stopper.join();
    EXPECT_TRUE(result || result.error().code == ErrorCode::cancelled);
  }
}

// A write to the simulated disk under an executor whose order the seed decides, stopped after `steps` jobs.
void write_and_stop(std::uint64_t chosen_seed, std::size_t steps) {
  task::ManualExecutor executor(chosen_seed);
  const auto disk = SimulatedStorage::create({.seed = chosen_seed, .executor = &executor}).value();
  const auto file = disk->open("a", {.access = Access::write, .create = true}).value();
  const std::vector<std::byte> text = bytes_of("hello");
  const auto write = [&]() -> Task<void> {
    ABI_CO_TRY(co_await async_write(*file, 0, text));
    co_return co_await async_sync(*file);
  };
  task::StopSource stop;
  std::optional<Result<void>> result;
  ASSERT_TRUE(task::start(executor, write(), [&](Result<void> outcome) { result.emplace(std::move(outcome)); },
                          {.stop = stop.get_token()}));
  executor.run_all(steps);
  const bool before_the_end = !result;
  stop.request_stop();
  executor.run_all();
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(*result || (before_the_end && result->error().code == ErrorCode::cancelled));
}

TEST(Transfer, IsStoppedAtAnyPointOfAnyOrder) {
  for (std::uint64_t chosen = 0; chosen < 20; ++chosen)
    for (std::size_t steps = 0; steps < 8; ++steps) ASSERT_NO_FATAL_FAILURE(write_and_stop(chosen, steps)) << chosen;
}

}  // namespace
}  // namespace libabi::io
