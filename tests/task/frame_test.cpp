#include <abi/task/frame.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/when_all.hpp>
#include <abi/task/when_any.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "memory/failing_malloc.hpp"
#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

TEST(Frames, OfOneSizeAreReused) {
  if (!detail::frames_are_cached) GTEST_SKIP() << "the address sanitizer sees each frame by itself";
  release_cached_frames();
  void* const first = detail::allocate_frame(100);
  detail::free_frame(first, 100);
  EXPECT_EQ(detail::allocate_frame(128), first) << "the same class";
  void* const other = detail::allocate_frame(129);
  EXPECT_NE(other, first);
  detail::free_frame(first, 128);
  detail::free_frame(other, 129);
}

TEST(Frames, AreApartAndWritableToTheirEnds) {
  std::vector<std::pair<unsigned char*, std::size_t>> frames;
  for (std::size_t bytes = 1; bytes < 2000; bytes += 37) {
    frames.emplace_back(static_cast<unsigned char*>(detail::allocate_frame(bytes)), bytes);
    std::memset(frames.back().first, static_cast<int>(frames.size()), bytes);
  }
  unsigned char expected = 1;
  for (const auto& [frame, bytes] : frames) {
    EXPECT_EQ(frame[0], expected);
    EXPECT_EQ(frame[bytes - 1], expected);
    ++expected;
    detail::free_frame(frame, bytes);
  }
}

TEST(Frames, AThreadKeepsABoundedNumberOfThem) {
  if (!detail::frames_are_cached) GTEST_SKIP() << "nothing is kept";
  release_cached_frames();
  constexpr int count = detail::FrameCache::most + 10;
  std::vector<void*> frames;
  for (int i = 0; i < count; ++i) frames.push_back(detail::allocate_frame(64));
  for (void* const frame : frames) detail::free_frame(frame, 64);
  int kept = 0;
  for (const detail::FrameCache::Free* free = detail::frame_cache.free[0]; free; free = free->next) ++kept;
  EXPECT_EQ(kept, detail::FrameCache::most);
  release_cached_frames();
  EXPECT_EQ(detail::frame_cache.free[0], nullptr);
}

TEST(Frames, AreGivenBackByAnotherThreadThatFreesThemAndEnds) {
  const auto hand_over = [] {
    std::vector<void*> frames;
    for (int i = 0; i < 100; ++i) frames.push_back(detail::allocate_frame(200));
    std::jthread([&] {
      for (void* const frame : frames) detail::free_frame(frame, 200);
    }).join();
    release_cached_frames();
  };
  hand_over();  // what the system keeps of the first thread stays
  const libabi::test::LiveBlocks live(libabi::test::Whose::everybody);
  hand_over();
  EXPECT_EQ(live.count(), 0);
}

Task<int> give(int value) { co_return value; }

TEST(Frames, WithoutMemoryATaskIsAnError) {
  release_cached_frames();
  const libabi::test::FailingMalloc fault(0);
  const Task<int> task = give(1);
  EXPECT_TRUE(fault.hit());
  EXPECT_FALSE(task);
}

}  // namespace
}  // namespace libabi::task
