#include <abi/base/boundary.hpp>
#include <abi/memory/resources.hpp>

#include <gtest/gtest.h>

#include <map>
#include <new>
#include <string>
#include <vector>

namespace libabi::memory {
namespace {

// Grows a container of containers; what comes out does not depend on the memory.
std::size_t fill(std::pmr::memory_resource& memory) {
  std::pmr::map<int, std::pmr::string> words(&memory);
  std::pmr::vector<std::pmr::vector<double>> rows(&memory);
  std::size_t sum = 0;
  for (int i = 0; i < 300; ++i) {
    words[i * 37 % 101] += std::string(static_cast<std::size_t>(i), 'x');
    rows.emplace_back(static_cast<std::size_t>(i * 20), 1.0);
    if (i % 3 == 0) words.erase(i % 50);
  }
  for (const auto& [key, word] : words) sum += word.size();
  for (const auto& row : rows) sum += row.size();
  return sum;
}

TEST(Resources, ServeTheStandardsContainers) {
  const std::size_t expected = fill(*std::pmr::new_delete_resource());
  MemoryAccount account("resources");
  {
    AccountResource resource(account);
    EXPECT_EQ(fill(resource), expected);
    EXPECT_EQ(account.live_bytes(), 0u);
    EXPECT_GT(account.peak_bytes(), 300u * 20 * 8 * 150);
  }
  {
    const auto slabs = SlabAllocator::create(account).value();
    SlabResource resource(*slabs);
    EXPECT_EQ(fill(resource), expected);
    EXPECT_EQ(account.live_bytes(), slabs->held_bytes()) << "what is too large for a slab was given back";
  }
  {
    const auto slabs = SlabAllocator::create(account, {.guards = true}).value();
    SlabResource resource(*slabs);
    EXPECT_EQ(fill(resource), expected);
  }
  {
    ScopedArena arena(account);
    ArenaResource resource(arena);
    const ScopedArena::Scope scope(arena);
    EXPECT_EQ(fill(resource), expected);
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(Resources, AlignAsAskedFor) {
  ScopedArena arena;
  ArenaResource in_arena(arena);
  const auto slabs = SlabAllocator::create().value();
  SlabResource in_slabs(*slabs);
  AccountResource in_account(default_account());
  for (std::pmr::memory_resource* const each :
       std::initializer_list<std::pmr::memory_resource*>{&in_arena, &in_slabs, &in_account})
    for (std::size_t align = 1; align <= 8192; align *= 2)
      for (const std::size_t bytes : {0u, 1u, 100u, 20'000u}) {
        void* const block = each->allocate(bytes, align);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % align, 0u);
        each->deallocate(block, bytes, align);
      }
}

// What pmr's contract wants: bad_alloc inside, and `exhausted` where libabi ends.
TEST(Resources, OverBudgetIsBadAllocInsideAndExhaustedAtTheBoundary) {
  MemoryAccount account("small", 3 * 1024 * 1024);
  AccountResource in_account(account);
  ScopedArena arena(account);
  ArenaResource in_arena(arena);
  const auto slabs = SlabAllocator::create(account).value();
  SlabResource in_slabs(*slabs);
  for (std::pmr::memory_resource* const each :
       std::initializer_list<std::pmr::memory_resource*>{&in_account, &in_slabs, &in_arena}) {
    EXPECT_THROW(fill(*each), std::bad_alloc);
    const auto result = boundary([&]() -> Result<std::size_t> { return fill(*each); });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::exhausted);
  }
}

TEST(Resources, AreEqualWhereTheyShareTheirMemory) {
  MemoryAccount account("resources");
  ScopedArena arena(account), other_arena(account);
  EXPECT_EQ(ArenaResource(arena), ArenaResource(arena));
  EXPECT_NE(ArenaResource(arena), ArenaResource(other_arena));
  EXPECT_EQ(AccountResource(account), AccountResource(account));
  EXPECT_NE(AccountResource(account), AccountResource(default_account()));
  const auto slabs = SlabAllocator::create(account).value();
  EXPECT_EQ(SlabResource(*slabs), SlabResource(*slabs));
  EXPECT_FALSE(SlabResource(*slabs).is_equal(*std::pmr::new_delete_resource()));
}

}  // namespace
}  // namespace libabi::memory
