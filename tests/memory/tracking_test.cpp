#include <abi/base/log.hpp>
#include <abi/memory/tracking.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

// Names that a stack must show: not inlined, and exported, so that the program's own table of symbols has them.
namespace libabi::memory::tracking_test {

[[gnu::noinline, gnu::visibility("default")]] void* take_from(std::pmr::memory_resource& memory, std::size_t bytes) {
  void* const block = memory.allocate(bytes);
  asm volatile("" : : "g"(block) : "memory");  // the call is not the last thing here
  return block;
}
[[gnu::noinline, gnu::visibility("default")]] void* take_elsewhere(std::pmr::memory_resource& memory, std::size_t bytes) {
  void* const block = memory.allocate(bytes);
  asm volatile("" : : "r"(block) : "memory");
  return block;
}

namespace {

bool shows(const Leak& leak, std::string_view function) {
  return std::ranges::any_of(leak.taken_at, [&](const StackFrame& frame) { return frame.function.contains(function); });
}

TEST(TrackingResource, TellsWhereWhatIsNotGivenBackWasTaken) {
  TrackingResource tracking;
  std::vector<void*> many;
  for (int i = 0; i < 3; ++i) many.push_back(take_from(tracking, 100));
  void* const one = take_elsewhere(tracking, 50);
  EXPECT_EQ(tracking.live_blocks(), 4u);
  EXPECT_EQ(tracking.live_bytes(), 350u);
  const auto leaks = tracking.leaks().value();
  ASSERT_EQ(leaks.size(), 2u) << "blocks that were taken at one place are one leak";
  EXPECT_EQ(leaks[0].blocks, 3u);
  EXPECT_EQ(leaks[0].bytes, 300u);
  EXPECT_EQ(leaks[1].bytes, 50u);
  for (const Leak& leak : leaks) {
    ASSERT_FALSE(leak.taken_at.empty());
    EXPECT_NE(leak.taken_at.front().address, 0u);
  }
  if (frames_have_names()) {
    EXPECT_TRUE(leaks[0].taken_at.front().function.contains("take_from")) << leaks[0].taken_at.front().function;
    EXPECT_TRUE(shows(leaks[1], "take_elsewhere"));
    EXPECT_TRUE(shows(leaks[1], "TellsWhereWhatIsNotGivenBackWasTaken"));
  }
  const std::string report = tracking.report().value();
  EXPECT_TRUE(report.starts_with("4 blocks of 350 bytes in all are not given back\n  3 blocks, 300 bytes, taken at\n    "))
      << report;
  tracking.deallocate(one, 50);
  EXPECT_EQ(tracking.leaks().value().size(), 1u);
  for (void* const block : many) tracking.deallocate(block, 100);
  EXPECT_EQ(tracking.report().value(), "");
  EXPECT_EQ(tracking.live_bytes(), 0u);
}

TEST(TrackingResource, LogsWhatIsLeftAtItsEnd) {
  std::string logged;
  set_log_sink([&](LogLevel, std::string_view text) { logged += text; });
  void* left = nullptr;
  {
    TrackingResource tracking;
    left = take_from(tracking, 10);
  }
  EXPECT_TRUE(logged.starts_with("1 blocks of 10 bytes in all are not given back\n")) << logged;
  logged.clear();
  {
    TrackingResource tracking;
    tracking.deallocate(take_from(tracking, 10), 10);
  }
  EXPECT_EQ(logged, "");
  set_log_sink({});
  std::pmr::new_delete_resource()->deallocate(left, 10);
}

TEST(TrackingResource, IsUsedByManyThreads) {
  TrackingResource tracking;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        std::vector<void*> blocks;
        for (int i = 0; i < 500; ++i) blocks.push_back(take_from(tracking, 8));
        for (void* const block : blocks) tracking.deallocate(block, 8);
      });
  }
  EXPECT_EQ(tracking.live_blocks(), 0u);
}

}  // namespace
}  // namespace libabi::memory::tracking_test
