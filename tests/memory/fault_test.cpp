// Every public function of memory, with every one of its allocations failing in turn.

#include "memory/failing_malloc.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/fault.hpp>
#include <abi/memory/resources.hpp>
#include <abi/memory/slab_pool.hpp>
#include <abi/memory/tracking.hpp>
#include <abi/memory/zero_copy_buffer.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace libabi::memory {
namespace {

TEST(AllocationFault, FailsExactlyTheOneThatWasNamed) {
  MemoryAccount account("faulty");
  const AllocationFault fault(2);
  EXPECT_TRUE(account.charge(1));
  EXPECT_TRUE(account.charge(1));
  EXPECT_FALSE(fault.hit());
  EXPECT_EQ(account.charge(1).error().code, ErrorCode::exhausted);
  EXPECT_TRUE(fault.hit());
  EXPECT_TRUE(account.charge(1));
  EXPECT_EQ(fault.count(), 4u);
  EXPECT_EQ(account.live_bytes(), 3u);
  account.release(3);
}

TEST(AllocationFault, IsOverWithTheObject) {
  MemoryAccount account("faulty");
  {
    const AllocationFault fault(0);
  }
  EXPECT_TRUE(account.charge(1));
  account.release(1);
}

TEST(AllocationFault, BothPartsOfABufferCanFailAndLeaveNothingBehind) {
  MemoryAccount account("faulty");
  int failures = 0;
  for (std::uint64_t n = 0;; ++n) {
    const AllocationFault fault(n);
    const auto buffer = Buffer::allocate(100, account);
    EXPECT_EQ(buffer.has_value(), !fault.hit());
    if (!fault.hit()) break;
    ++failures;
    EXPECT_EQ(buffer.error().code, ErrorCode::exhausted);
    EXPECT_EQ(account.live_bytes(), 0u);
  }
  EXPECT_EQ(failures, 2);
}

TEST(AllocationFault, HitsOneAllocationAmongThoseOfManyThreads) {
  MemoryAccount account("faulty");
  std::atomic<int> failures = 0;
  {
    const AllocationFault fault(5000);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i)
          if (!Charge::take(account, 1)) ++failures;
      });
  }
  EXPECT_EQ(failures, 1);
  EXPECT_EQ(account.live_bytes(), 0u);
}

template <class T>
bool succeeds(const Result<T>& result) {
  EXPECT_TRUE(result || result.error().code == ErrorCode::exhausted) << result.error().text();
  return result.has_value();
}

// For what is an error in any case: the memory for its text can be missing too.
template <class T>
bool fails_with(ErrorCode code, const Result<T>& result) {
  if (result) return false;
  EXPECT_TRUE(result.error().code == code || result.error().code == ErrorCode::exhausted) << result.error().text();
  return true;
}

bool fills(ScopedArena& arena) {
  const ScopedArena::Scope scope(arena);
  for (const std::size_t bytes : {60u, 60u, 300u}) {
    const std::size_t before = arena.used_bytes();
    if (succeeds(arena.allocate(bytes))) continue;
    EXPECT_EQ(arena.used_bytes(), before);
    return false;
  }
  return true;
}

bool uses_slabs(MemoryAccount& account) {
  auto slabs = SlabAllocator::create(account);
  if (!succeeds(slabs)) return false;
  std::array<std::byte*, 40> blocks;
  bool complete = true;
  for (std::size_t each = 0; each < blocks.size(); ++each) {
    blocks[each] = (*slabs)->try_allocate(each * 37);
    complete = complete && blocks[each];
    if (blocks[each]) std::memset(blocks[each], 1, each * 37);
  }
  // What is given back is never refused, not even on a thread that has no cache and cannot get one.
  for (std::byte* const block : blocks) (*slabs)->deallocate(block);
  (*slabs)->trim();
  auto pool = SlabPool::create(**slabs, 100);
  if (!succeeds(pool)) return false;
  std::byte* const block = pool->try_allocate();
  if (block) pool->deallocate(block);
  return complete && block;
}

bool chains(MemoryAccount& account) {
  const std::string_view text = "some text";
  auto slice = Slice::copy_of(std::as_bytes(std::span(text)), account);
  if (!succeeds(slice)) return false;
  ZeroCopyBuffer chain;
  if (!succeeds(chain.append(*slice)) || !succeeds(chain.prepend(*slice)) || !succeeds(chain.append(chain))) return false;
  EXPECT_EQ(chain.size(), 4 * text.size());
  const auto part = chain.slice(3, 20);
  if (!succeeds(part) || !succeeds(chain.split_front(5)) || !succeeds(slice->writable(account))) return false;
  return succeeds(chain.contiguous(account));
}

bool tracks() {
  return boundary([]() -> Result<void> {
           TrackingResource tracking;
           std::pmr::vector<int> numbers(&tracking);
           numbers.resize(10);
           EXPECT_EQ(tracking.live_bytes(), 40u);
           return {};
         })
      .has_value();
}

bool fills_containers(std::pmr::memory_resource& memory) {
  return boundary([&]() -> Result<void> {
           std::pmr::vector<std::pmr::string> words(&memory);
           for (int i = 0; i < 20; ++i) words.emplace_back("a word that no string holds by itself");
           return {};
         })
      .has_value();
}

// `fail_each` calls what it is given with each of its allocations failing in turn.
template <class FailEach>
void memory_survives(FailEach&& fail_each) {
  MemoryAccount account("survivor", 10'000'000);
  fail_each([&] { return succeeds(Charge::take(account, 10)); });
  fail_each([&] { return succeeds(Buffer::allocate_zeroed(1000, account)); });
  fail_each([&] {
    ScopedArena arena(account, {.block_bytes = 100});
    return fills(arena) && fills(arena);
  });
  fail_each([&] { return uses_slabs(account); });
  fail_each([&] { return chains(account); });
  fail_each([&] {
    AccountResource resource(account);
    return fills_containers(resource);
  });
  fail_each([&] {
    ScopedArena arena(account, {.block_bytes = 100});
    ArenaResource resource(arena);
    return fills_containers(resource);
  });
  fail_each([&] { return tracks(); });
  fail_each([&] { return succeeds(account.report()); });
  fail_each([&] { return fails_with(ErrorCode::exhausted, account.charge(10'000'001)); });
  fail_each([&] { return fails_with(ErrorCode::exhausted, Buffer::allocate(unlimited, account)); });
  fail_each(
      [&] { return fails_with(ErrorCode::exhausted, ScopedArena(account).allocate_array<long>(static_cast<std::size_t>(-1))); });
  fail_each([&] { return fails_with(ErrorCode::invalid_argument, ScopedArena(account).allocate(1, 3)); });
  const std::filesystem::path present = "/proc/self/exe";
  const std::filesystem::path missing = "/proc/self/no-such-file-and-a-name-that-no-string-holds-by-itself";
  fail_each([&] { return succeeds(MappedFile::open(present)); });
  fail_each([&] { return fails_with(ErrorCode::not_found, MappedFile::open(missing)); });
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(Memory, SurvivesTheFailureOfEveryAllocation) {
  ASSERT_TRUE(numa_nodes());
  memory_survives([](auto&& operation) { test::fail_each(operation); });
}

TEST(Memory, SurvivesTheFailureOfEveryAllocationAndAllAfterIt) {
  memory_survives([](auto&& operation) { test::fail_each(operation, test::Whose::this_thread, test::Fails::from_then_on); });
}

TEST(Memory, SurvivesTheFailureOfEveryCharge) {
  memory_survives([](auto&& operation) {
    for (std::uint64_t n = 0;; ++n) {
      const AllocationFault fault(n);
      const bool succeeded = operation();
      if (fault.hit()) continue;
      EXPECT_TRUE(succeeded) << "without a fault";
      return;
    }
  });
}

// The first use by a thread makes its cache; a thread for which there is none is served all the same.
TEST(Memory, ThreadsThatGetNoCacheAreServed) {
  MemoryAccount account("survivor");
  {
    const auto slabs = SlabAllocator::create(account).value();
    std::byte* const block = slabs->try_allocate(100);
    for (std::uint64_t n = 0; n < 8; ++n)
      std::thread([&] {
        const test::FailingMalloc fault(n, test::Whose::this_thread, test::Fails::from_then_on);
        std::byte* const first = slabs->try_allocate(100);
        std::byte* const second = slabs->try_allocate(100);
        EXPECT_TRUE(first && second);
        EXPECT_NE(first, second);
        slabs->deallocate(first);
        slabs->deallocate(second);
      }).join();
    slabs->deallocate(block);
    slabs->trim();
    EXPECT_LT(slabs->held_bytes(), 100'000u);
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

}  // namespace
}  // namespace libabi::memory
