#include "seed.hpp"

#include <abi/base/log.hpp>
#include <abi/memory/scoped_arena.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <vector>

namespace libabi::memory {
namespace {

struct Piece {
  std::span<std::byte> bytes;
  std::byte mark;

  bool is_whole() const {
    return std::ranges::all_of(bytes, [this](std::byte byte) { return byte == mark; });
  }
};

std::optional<Piece> take(ScopedArena& arena, std::mt19937_64& random) {
  const std::size_t bytes = random() % (random() % 10 == 0 ? 3000 : 100);
  const std::size_t align = std::size_t{1} << random() % 9;
  auto piece = arena.allocate(bytes, align);
  EXPECT_TRUE(piece) << piece.error().text();
  if (!piece) return {};
  EXPECT_EQ(piece->size(), bytes);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece->data()) % (bytes ? align : 1), 0u);
  const auto mark = static_cast<std::byte>(random());
  std::ranges::fill(*piece, mark);
  return Piece{*piece, mark};
}

class EveryArena : public testing::TestWithParam<ArenaOptions> {};

TEST_P(EveryArena, HandsOutDisjointAlignedPiecesThatOutliveInnerScopes) {
  std::mt19937_64 random(test::seed());
  MemoryAccount account("arena");
  {
    ScopedArena arena(account, GetParam());
    for (int round = 0; round < 20; ++round) {
      std::vector<Piece> outer;
      for (int i = 0; i < 50; ++i) outer.push_back(take(arena, random).value());
      for (int scopes = 0; scopes < 5; ++scopes) {
        const std::size_t used = arena.used_bytes();
        {
          const ScopedArena::Scope scope(arena);
          std::vector<Piece> inner;
          for (int i = 0; i < 50; ++i) inner.push_back(take(arena, random).value());
          for (const Piece& piece : inner) ASSERT_TRUE(piece.is_whole());
          ASSERT_TRUE(arena.check());
        }
        ASSERT_EQ(arena.used_bytes(), used);
        outer.push_back(take(arena, random).value());
      }
      for (const Piece& piece : outer) ASSERT_TRUE(piece.is_whole());
      arena.reset();
      EXPECT_EQ(arena.used_bytes(), 0u);
    }
    EXPECT_EQ(account.live_bytes(), arena.held_bytes());
    arena.trim();
    EXPECT_EQ(account.live_bytes(), 0u);
    ASSERT_TRUE(take(arena, random));
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Options, EveryArena,
                         testing::Values(ArenaOptions{}, ArenaOptions{.block_bytes = 1024}, ArenaOptions{.block_bytes = 0},
                                         ArenaOptions{.huge_pages = true}, ArenaOptions{.block_bytes = 1024, .guards = true},
                                         ArenaOptions{.placement = {.policy = NumaPolicy::interleave}}));

TEST(ScopedArena, KeepsItsBlocksForReuse) {
  MemoryAccount account("arena");
  ScopedArena arena(account, {.block_bytes = 1000});
  const auto fill = [&] {
    for (const std::size_t bytes : {600u, 600u, 5000u, 300u, 2000u, 900u}) ASSERT_TRUE(arena.allocate(bytes));
  };
  fill();
  const std::uint64_t held = account.live_bytes();
  for (int round = 0; round < 10; ++round) {
    arena.reset();
    {
      const ScopedArena::Scope scope(arena);
      fill();
    }
    fill();
  }
  EXPECT_EQ(account.live_bytes(), held);
  EXPECT_EQ(account.peak_bytes(), held);
}

TEST(ScopedArena, ScopeGivesBackWhatItTookAndNoMore) {
  ScopedArena arena(default_account(), {.block_bytes = 200});
  const auto before = arena.allocate(50);
  std::byte* first = nullptr;
  for (int round = 0; round < 3; ++round) {
    const ScopedArena::Scope outer(arena);
    const auto taken = arena.allocate(50);
    ASSERT_TRUE(before && taken);
    if (!first) first = taken->data();
    EXPECT_EQ(taken->data(), first) << "the same memory is used again";
    const ScopedArena::Scope inner(arena);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(arena.allocate(100)) << "over several blocks";
  }
}

TEST(ScopedArena, CountsWhatItHandsOutWithPadding) {
  ScopedArena arena;
  ASSERT_TRUE(arena.allocate(3, 1));
  const std::size_t first = arena.used_bytes();
  EXPECT_GE(first, 3u);
  ASSERT_TRUE(arena.allocate(8, 8));
  EXPECT_GE(arena.used_bytes(), first + 8);
  const std::size_t second = arena.used_bytes();
  ASSERT_TRUE(arena.allocate(0, 1));
  EXPECT_EQ(arena.used_bytes(), second);
}

TEST(ScopedArena, RefusesAnAlignmentItCannotGive) {
  ScopedArena arena;
  for (const std::size_t align : {std::size_t{0}, std::size_t{3}, std::size_t{96}, 2 * ScopedArena::max_alignment}) {
    EXPECT_EQ(arena.allocate(8, align).error().code, ErrorCode::invalid_argument) << align;
    EXPECT_EQ(arena.try_allocate(8, align), nullptr);
  }
  EXPECT_TRUE(arena.allocate(8, ScopedArena::max_alignment));
}

TEST(ScopedArena, OversizedRequestsAreErrors) {
  MemoryAccount account("arena");
  ScopedArena arena(account);
  ASSERT_TRUE(arena.allocate(1));
  const std::uint64_t held = account.live_bytes();
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(arena.allocate_array<std::uint64_t>(most / 4).error().code, ErrorCode::exhausted);
  EXPECT_EQ(arena.allocate_array<char>(most).error().code, ErrorCode::exhausted);
  for (const std::size_t bytes : {most, most - 64, most / 2, most / 2 - 4096})
    EXPECT_EQ(arena.allocate(bytes, 64).error().code, ErrorCode::exhausted) << bytes;
  EXPECT_EQ(account.live_bytes(), held);
  struct alignas(64) Line {
    char bytes[64];
  };
  const auto lines = arena.allocate_array<Line>(3);
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->size(), 3u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(lines->data()) % 64, 0u);
}

TEST(ScopedArena, FailedAllocationChangesNothing) {
  MemoryAccount account("arena", 1500);
  ScopedArena arena(account, {.block_bytes = 1000});
  const auto first = arena.allocate(100);
  ASSERT_TRUE(first);
  std::memset(first->data(), 7, 100);
  const std::size_t used = arena.used_bytes();
  EXPECT_EQ(arena.allocate(2000).error().code, ErrorCode::exhausted);
  EXPECT_EQ(arena.used_bytes(), used);
  ASSERT_TRUE(arena.allocate(100, 1)) << "the block that was being filled goes on being filled";
  EXPECT_EQ(account.live_bytes(), 1024u);
  EXPECT_TRUE(std::ranges::all_of(*first, [](std::byte byte) { return byte == std::byte{7}; }));
}

TEST(ScopedArena, MovesWithWhatItHandedOut) {
  MemoryAccount account("arena");
  {
    ScopedArena first(account, {.block_bytes = 100});
    auto piece = first.allocate(10);
    ASSERT_TRUE(piece);
    (*piece)[9] = std::byte{42};
    const std::size_t used = first.used_bytes();
    ScopedArena second = std::move(first);
    EXPECT_EQ((*piece)[9], std::byte{42});
    EXPECT_EQ(second.used_bytes(), used);
    EXPECT_EQ(first.used_bytes(), 0u);
    ASSERT_TRUE(first.allocate(10)) << "what was moved from is an empty arena";
    first = std::move(second);
    EXPECT_EQ(account.live_bytes(), first.held_bytes());
    EXPECT_EQ((*piece)[9], std::byte{42});
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

}  // namespace
}  // namespace libabi::memory
