// The injector itself: it strikes where it is told to, also inside libraries, and counts what lives.

#include "memory/failing_malloc.hpp"

#include <gtest/gtest-spi.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

namespace libabi::test {
namespace {

// Called through what a compiler cannot see through, for it may leave out a block that is given back unused.
void* (*volatile take)(std::size_t) = std::malloc;
void* (*volatile take_more)(void*, std::size_t) = std::realloc;
void* (*volatile take_aligned)(std::size_t, std::size_t) = std::aligned_alloc;

TEST(FailingMalloc, StrikesOperatorNewOnce) {
  const FailingMalloc fault(1);
  void* const first = ::operator new(10);  // not a new expression, which a compiler may leave out
  EXPECT_THROW(::operator delete(::operator new(10)), std::bad_alloc);
  EXPECT_TRUE(fault.hit());
  void* const third = ::operator new(10);
  ::operator delete(first);
  ::operator delete(third);
}

TEST(FailingMalloc, StrikesTheCLibrarysOwnAllocations) {
  if (!counts_blocks()) GTEST_SKIP() << "malloc is the sanitizer's";
  const FailingMalloc fault(0);
  char* const copy = ::strdup("text");
  EXPECT_EQ(copy, nullptr);
  EXPECT_TRUE(fault.hit());
  std::free(copy);
}

TEST(FailingMalloc, GoesOnStrikingWhenAskedTo) {
  const FailingMalloc fault(0, Whose::this_thread, Fails::from_then_on);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(::operator new(1, std::nothrow), nullptr);
  {
    const Unfailing pause;
    std::free(take(1));
  }
  EXPECT_EQ(fault.count(), 3u);
}

TEST(FailingMalloc, LeavesOtherThreadsAloneUnlessItIsForEverybody) {
  const auto fails_elsewhere = [](Whose whose) {
    std::atomic<bool> go = false;
    bool failed = false;
    std::thread thread([&] {
      while (!go) std::this_thread::yield();
      void* const block = ::operator new(1, std::nothrow);
      failed = block == nullptr;
      ::operator delete(block);
    });
    const FailingMalloc fault(0, whose);
    go = true;
    thread.join();
    return failed;
  };
  EXPECT_FALSE(fails_elsewhere(Whose::this_thread));
  EXPECT_TRUE(fails_elsewhere(Whose::everybody));
}

TEST(LiveBlocks, CountsWhatWasTakenAndNotGivenBack) {
  if (!counts_blocks()) GTEST_SKIP() << "malloc is the sanitizer's";
  const LiveBlocks live;
  void* block = take(10);
  void* const aligned = take_aligned(64, 64);
  EXPECT_EQ(live.count(), 2);
  block = take_more(block, 100'000);
  EXPECT_EQ(live.count(), 2);
  std::free(block);
  std::free(aligned);
  EXPECT_EQ(live.count(), 0);
}

TEST(FailEach, VisitsEveryAllocation) {
  const std::uint64_t allocations = fail_each([] {
    std::free(take(1));
    std::free(take(2));
    void* const block = ::operator new(3, std::nothrow);
    ::operator delete(block);
    return block != nullptr;
  });
  EXPECT_EQ(allocations, counts_blocks() ? 3u : 1u) << "operator new alone is interposed where malloc is the sanitizer's";
}

TEST(FailEach, SeesALeak) {
  if (!counts_blocks()) GTEST_SKIP() << "malloc is the sanitizer's";
  std::vector<void*> leaked;
  leaked.reserve(100);
  const auto leak = [&] {
    void* const first = take(1);
    void* const second = take(1);
    const bool succeeded = first && second;
    if (succeeded)
      std::free(first);
    else
      leaked.push_back(first);
    std::free(second);
    return succeeded;
  };
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(&failures);
    fail_each(leak);
  }
  EXPECT_EQ(failures.size(), 1) << "the failure of the second malloc leaks the first block";
  for (void* const block : leaked) std::free(block);
}

}  // namespace
}  // namespace libabi::test
