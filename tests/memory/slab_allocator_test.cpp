#include "seed.hpp"

#include <abi/memory/slab_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <cstring>
#include <limits>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace libabi::memory {
namespace {

struct Block {
  std::byte* data;
  std::size_t bytes;
  std::byte mark;

  bool is_whole() const {
    return std::all_of(data, data + bytes, [this](std::byte byte) { return byte == mark; });
  }
};

Block take(SlabAllocator& slabs, std::mt19937_64& random, std::size_t most = 1024) {
  const std::size_t bytes = random() % (random() % 50 == 0 ? SlabAllocator::max_bytes - 48 : most);
  Block block{slabs.try_allocate(bytes), bytes, static_cast<std::byte>(random())};
  EXPECT_NE(block.data, nullptr);
  std::memset(block.data, static_cast<int>(block.mark), bytes);
  return block;
}

class EverySlab : public testing::TestWithParam<SlabOptions> {};

TEST_P(EverySlab, HandsOutDisjointBlocksAndTakesThemBackInAnyOrder) {
  std::mt19937_64 random(test::seed());
  MemoryAccount account("slabs");
  {
    const auto slabs = SlabAllocator::create(account, GetParam()).value();
    std::vector<Block> live;
    for (int step = 0; step < 60'000; ++step) {
      if (live.size() < 2000 && random() % 5 < 3) {
        live.push_back(take(*slabs, random));
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(live.back().data) % 16, 0u);
      } else if (!live.empty()) {
        std::swap(live[random() % live.size()], live.back());
        ASSERT_TRUE(live.back().is_whole());
        if (step % 2)
          slabs->deallocate(live.back().data);
        else
          slabs->deallocate(live.back().data, live.back().bytes);
        live.pop_back();
      }
      if (step % 10'000 == 0) slabs->trim();
    }
    for (const Block& each : live) ASSERT_TRUE(each.is_whole());
    EXPECT_EQ(account.live_bytes(), slabs->held_bytes());
    for (const Block& each : live) slabs->deallocate(each.data);
    slabs->trim();
    EXPECT_LT(account.live_bytes(), 100'000u) << "only this thread's cache is left";
    ASSERT_NE(slabs->try_allocate(100), nullptr);
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

// Each thread gives most of its blocks to another one, which looks at them and gives them back.
TEST_P(EverySlab, TakesBackOnOneThreadWhatAnotherTook) {
  constexpr unsigned threads = 4;
  const unsigned long seed = test::seed();
  MemoryAccount account("slabs");
  {
    const auto slabs = SlabAllocator::create(account, GetParam()).value();
    std::array<std::vector<Block>, threads> inboxes;
    std::array<std::mutex, threads> turns;
    std::atomic<int> damaged = 0;
    const auto work = [&](unsigned index) {
      std::mt19937_64 random(seed + index);
      for (int round = 0; round < 100; ++round) {
        std::vector<Block> made;
        for (int i = 0; i < 100; ++i) made.push_back(take(*slabs, random, 300));
        const unsigned other = static_cast<unsigned>(random() % threads);
        {
          const std::lock_guard lock(turns[other]);
          inboxes[other].insert(inboxes[other].end(), made.begin(), made.end());
        }
        std::vector<Block> mine;
        {
          const std::lock_guard lock(turns[index]);
          mine.swap(inboxes[index]);
        }
        for (const Block& each : mine) {
          if (!each.is_whole()) ++damaged;
          slabs->deallocate(each.data, each.bytes);
        }
        if (round % 37 == 0) slabs->trim();
      }
    };
    {
      std::vector<std::jthread> all;
      for (unsigned index = 0; index < threads; ++index) all.emplace_back(work, index);
    }
    EXPECT_EQ(damaged, 0);
    for (const auto& inbox : inboxes)
      for (const Block& each : inbox) slabs->deallocate(each.data);
    slabs->trim();
    EXPECT_LT(account.live_bytes(), 100'000u) << "what ended threads had cached went back";
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Options, EverySlab,
                         testing::Values(SlabOptions{}, SlabOptions{.huge_pages = true}, SlabOptions{.guards = true}));

TEST_P(EverySlab, PoolsServeOneSizeAndShareTheirBlocks) {
  std::mt19937_64 random(test::seed());
  MemoryAccount account("slabs");
  for (const std::size_t bytes : {8u, 16u, 64u, 200u, 3000u}) {
    const auto slabs = SlabAllocator::create(account, GetParam()).value();
    {
      SlabPool first = SlabPool::create(*slabs, bytes).value();
      SlabPool second = SlabPool::create(*slabs, bytes).value();
      std::vector<Block> live;
      for (int step = 0; step < 20'000; ++step) {
        if (live.size() < 500 && random() % 2 == 0) {
          Block block{random() % 2 ? first.try_allocate() : second.try_allocate(), bytes, static_cast<std::byte>(random())};
          ASSERT_NE(block.data, nullptr);
          std::memset(block.data, static_cast<int>(block.mark), bytes);
          live.push_back(block);
        } else if (!live.empty()) {
          std::swap(live[random() % live.size()], live.back());
          ASSERT_TRUE(live.back().is_whole());
          const auto to = random() % 3;
          if (to == 0) slabs->deallocate(live.back().data);
          if (to == 1) first.deallocate(live.back().data);
          if (to == 2) second.deallocate(live.back().data);
          live.pop_back();
        }
        if (step % 5000 == 0) second = std::move(first), first = SlabPool::create(*slabs, bytes).value();
        if (step % 3000 == 0) first.trim();
      }
      for (const Block& each : live) first.deallocate(each.data);
    }
    slabs->trim();
    EXPECT_LT(account.live_bytes(), 100'000u) << "the pools' blocks went back at their end";
  }
  const auto slabs = SlabAllocator::create(account, GetParam()).value();
  EXPECT_EQ(SlabPool::create(*slabs, SlabAllocator::max_bytes + 1).error().code, ErrorCode::invalid_argument);
}

TEST(SlabAllocator, AlignsAsAskedFor) {
  const auto slabs = SlabAllocator::create().value();
  for (std::size_t align = 1; align <= SlabAllocator::max_alignment; align *= 2)
    for (const std::size_t bytes : {1u, 17u, 100u, 1000u, 5000u, 20'000u}) {
      const auto block = slabs->allocate(bytes, align);
      ASSERT_TRUE(block) << block.error().text();
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(*block) % align, 0u);
      std::memset(*block, 1, bytes);
      slabs->deallocate(*block, bytes, align);
    }
}

TEST(SlabAllocator, OversizedAndMisalignedRequestsAreErrors) {
  MemoryAccount account("slabs");
  const auto slabs = SlabAllocator::create(account).value();
  for (const std::size_t bytes :
       {SlabAllocator::max_bytes + 1, std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() - 15})
    EXPECT_EQ(slabs->allocate(bytes).error().code, ErrorCode::invalid_argument) << bytes;
  for (const std::size_t align : {std::size_t{0}, std::size_t{3}, std::size_t{24}, 2 * SlabAllocator::max_alignment})
    EXPECT_EQ(slabs->allocate(1, align).error().code, ErrorCode::invalid_argument) << align;
  EXPECT_EQ(account.peak_bytes(), 0u);
  slabs->deallocate(nullptr);
}

TEST(SlabAllocator, GivesABlockNoSmallerThanAskedForAndNotMuchLarger) {
  for (std::size_t bytes = 1; bytes <= SlabAllocator::max_bytes; ++bytes) {
    const std::size_t given = SlabAllocator::block_bytes(bytes);
    ASSERT_GE(given, bytes);
    if (bytes > 128 && bytes <= 16'384) {
      ASSERT_LE(given, bytes + bytes / 4) << bytes;
    }
  }
}

TEST(SlabAllocator, OverBudgetIsAnErrorThatLeavesItUsable) {
  MemoryAccount account("slabs", 2 * 1024 * 1024 + 100'000);
  const auto slabs = SlabAllocator::create(account).value();
  std::vector<std::byte*> blocks;
  for (;;) {
    const auto block = slabs->allocate(1000);
    if (!block) {
      EXPECT_EQ(block.error().code, ErrorCode::exhausted);
      break;
    }
    blocks.push_back(*block);
  }
  EXPECT_GT(blocks.size(), 1500u);
  EXPECT_EQ(slabs->try_allocate(1000), nullptr);
  for (std::byte* const each : blocks) slabs->deallocate(each);
  for (std::byte*& each : blocks) ASSERT_NE(each = slabs->try_allocate(1000), nullptr) << "no chunk is needed for them";
}

TEST(SlabAllocator, WithoutMemoryForACacheServesFromTheDepot) {
  MemoryAccount account("slabs", 2 * 1024 * 1024);  // a chunk, and nothing for a thread's cache
  const auto slabs = SlabAllocator::create(account).value();
  std::byte* const first = slabs->try_allocate(100);
  std::byte* const second = slabs->try_allocate(100);
  ASSERT_TRUE(first == nullptr || first != second);
}

TEST(SlabAllocator, EndsBeforeAThreadThatUsedIt) {
  MemoryAccount account("slabs");
  auto first = SlabAllocator::create(account).value();
  std::unique_ptr<SlabAllocator> second;
  std::barrier step(2);
  std::jthread thread([&] {
    EXPECT_NE(first->try_allocate(10), nullptr);
    step.arrive_and_wait();
    step.arrive_and_wait();
    EXPECT_NE(second->try_allocate(10), nullptr) << "the number of the first one is used again";
  });
  step.arrive_and_wait();
  first.reset();
  EXPECT_EQ(account.live_bytes(), 0u);
  second = SlabAllocator::create(account).value();
  step.arrive_and_wait();
  thread.join();
  second.reset();
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(SlabAllocator, ThereAreAtMost256AtOnce) {
  std::vector<std::unique_ptr<SlabAllocator>> all;
  for (int i = 0; i < 300; ++i) {
    auto made = SlabAllocator::create();
    if (!made) {
      EXPECT_EQ(made.error().code, ErrorCode::exhausted);
      break;
    }
    all.push_back(*std::move(made));
  }
  EXPECT_EQ(all.size(), 256u);
  all.pop_back();
  EXPECT_TRUE(SlabAllocator::create());
}

// The child of a fork that catches other threads at any point can allocate, give back what it had, and charge accounts.
TEST(SlabAllocator, IsUsableInTheChildOfAFork) {
  MemoryAccount account("slabs");
  const auto slabs = SlabAllocator::create(account).value();
  std::byte* const before = slabs->try_allocate(100);
  std::atomic<bool> done = false;
  {
    std::jthread busy([&] {
      std::mt19937_64 random(1);
      while (!done) {
        std::vector<Block> blocks;
        for (int i = 0; i < 300; ++i) blocks.push_back(take(*slabs, random));
        for (const Block& each : blocks) slabs->deallocate(each.data);
        slabs->trim();
        static_cast<void>(Charge::take(account, 1));
      }
    });
    for (int round = 0; round < 20; ++round) {
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        ::alarm(20);  // a lock that was left taken must not hang the test
        bool good = true;
        for (int i = 0; i < 2000; ++i) {
          auto* const block = slabs->try_allocate(static_cast<std::size_t>(i));
          good = good && block;
          slabs->deallocate(block);
        }
        slabs->deallocate(before);
        slabs->trim();
        good = good && Charge::take(account, 1).has_value();
        ::_exit(good ? 0 : 1);
      }
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    done = true;
  }
  slabs->deallocate(before);
}

}  // namespace
}  // namespace libabi::memory
