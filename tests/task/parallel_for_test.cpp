#include <abi/task/parallel.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

std::unique_ptr<Scheduler> scheduler_of(unsigned threads) { return Scheduler::create({.threads = threads}).value(); }

TEST(ParallelFor, CoversEveryIndexOnceInRangesOfAtLeastTheGrain) {
  for (const unsigned threads : {1u, 2u, 5u}) {
    const auto scheduler = scheduler_of(threads);
    for (const std::size_t length : {0u, 1u, 2u, 7u, 64u, 1000u, 100'003u})
      for (const std::size_t grain : {0u, 1u, 3u, 64u, 5000u, 1'000'000u}) {
        constexpr std::size_t begin = 17;
        std::vector<std::uint8_t> visits(begin + length);  // plain: the ranges are disjoint, or tsan sees it
        std::atomic<int> short_ranges = 0;
        ASSERT_TRUE(parallel_for(*scheduler, begin, begin + length,
                                 [&](std::size_t from, std::size_t to) {
                                   EXPECT_LT(from, to);
                                   if (to - from < grain) {
                                     ++short_ranges;
                                     EXPECT_EQ(to, begin + length) << "only the last range is shorter";
                                   }
                                   for (std::size_t i = from; i < to; ++i) ++visits.at(i);
                                 },
                                 {.grain = grain}));
        EXPECT_LE(short_ranges, 1);
        std::vector<std::uint8_t> expected(begin + length, 1);
        std::fill_n(expected.begin(), begin, std::uint8_t{0});
        EXPECT_EQ(visits, expected) << threads << " threads, length " << length << ", grain " << grain;
      }
  }
}

TEST(ParallelFor, OfNothingCallsNothing) {
  const auto scheduler = scheduler_of(2);
  const auto never = [](std::size_t, std::size_t) { ADD_FAILURE(); };
  EXPECT_TRUE(parallel_for(*scheduler, 5, 5, never, {.grain = 1}));
  EXPECT_TRUE(parallel_for(*scheduler, 6, 5, never, {.grain = 1}));
}

TEST(ParallelFor, ReachesTheLargestIndex) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  const auto scheduler = scheduler_of(3);
  for (const std::size_t grain : {std::size_t{1}, std::size_t{7}, most}) {
    std::atomic<std::size_t> visited = 0;
    ASSERT_TRUE(parallel_for(*scheduler, most - 100, most, [&](std::size_t from, std::size_t to) { visited += to - from; },
                             {.grain = grain}));
    EXPECT_EQ(visited, 100u);
  }
  std::atomic<std::size_t> visited = 0;
  ASSERT_TRUE(parallel_for(*scheduler, 0, most, [&](std::size_t from, std::size_t to) { visited += to - from; }, {.grain = 1}));
  EXPECT_EQ(visited, most);
}

TEST(ParallelFor, ExceptionIsTheErrorAndTheNextCallKnowsNothingOfIt) {
  for (const unsigned threads : {1u, 4u}) {
    const auto scheduler = scheduler_of(threads);
    const auto result = parallel_for(*scheduler, 0, 1000,
                                     [](std::size_t from, std::size_t to) {
                                       if (from <= 500 && 500 < to) throw std::runtime_error("500 is odd");
                                     },
                                     {.grain = 1});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "500 is odd");
    std::atomic<std::size_t> visited = 0;
    EXPECT_TRUE(parallel_for(*scheduler, 0, 1000, [&](std::size_t from, std::size_t to) { visited += to - from; }, {.grain = 1}));
    EXPECT_EQ(visited, 1000u);
  }
}

// A member that goes on claiming would always visit all ranges but the one that failed.
TEST(ParallelFor, NoRangeIsClaimedAfterOneHasFailed) {
  const auto scheduler = scheduler_of(2);
  std::size_t fewest = 1000;
  for (int round = 0; round < 200; ++round) {
    std::atomic<std::size_t> visited = 0;
    EXPECT_FALSE(parallel_for(*scheduler, 0, 1000,
                              [&](std::size_t from, std::size_t to) {
                                visited += to - from;
                                if (from == 0) throw std::runtime_error("first");
                                std::this_thread::yield();
                              },
                              {.grain = 1}));
    fewest = std::min<std::size_t>(fewest, visited);
  }
  EXPECT_LT(fewest, 500u);
}

TEST(ParallelFor, NestsInsideItselfAndInsideAGang) {
  const auto scheduler = scheduler_of(3);
  std::atomic<std::size_t> visited = 0;
  const auto count = [&](std::size_t from, std::size_t to) { visited += to - from; };
  ASSERT_TRUE(parallel_for(*scheduler, 0, 10,
                           [&](std::size_t from, std::size_t to) {
                             for (std::size_t i = from; i < to; ++i)
                               EXPECT_TRUE(parallel_for(*scheduler, 0, 10, count, {.grain = 1}));
                           },
                           {.grain = 1}));
  EXPECT_EQ(visited, 100u);
  ASSERT_TRUE(scheduler->gang([&](GangMember&) { EXPECT_TRUE(parallel_for(*scheduler, 0, 10, count, {.grain = 1})); }));
  EXPECT_EQ(visited, 130u);
}

TEST(ParallelFor, UsesAllThreadsWhenThereIsWorkForThem) {
  const auto scheduler = scheduler_of(3);
  std::mutex mutex;
  std::vector<std::thread::id> seen;
  std::atomic<unsigned> here = 0;
  ASSERT_TRUE(parallel_for(*scheduler, 0, 3,
                           [&](std::size_t, std::size_t) {
                             ++here;
                             while (here < 3)
                               std::this_thread::yield();  // ends only when three threads are in their ranges at once
                             const std::lock_guard lock(mutex);
                             seen.push_back(std::this_thread::get_id());
                           },
                           {.grain = 1}));
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::unique(seen).size(), 0u);
  EXPECT_EQ(seen.size(), 3u);
}

}  // namespace
}  // namespace libabi::task
