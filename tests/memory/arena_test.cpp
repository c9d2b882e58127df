#include <abi/memory/arena.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <random>

namespace libabi::memory {
namespace {

TEST(Arena, HandsOutDisjointAlignedPieces) {
  const char* const given = std::getenv("ABI_SEED");
  const unsigned long seed = given ? std::strtoul(given, nullptr, 10) : 20240607;
  std::cout << "ABI_SEED=" << seed << "\n";
  std::mt19937_64 random(seed);
  MemoryAccount account("arena");
  Arena arena(account, 1024);
  for (int round = 0; round < 20; ++round) {
    struct Piece {
      std::span<std::byte> bytes;
      std::byte mark;
    };
    std::vector<Piece> pieces;
    for (int i = 0; i < 200; ++i) {
      const std::size_t bytes = random() % (i % 10 == 0 ? 3000 : 100);
      const std::size_t align = std::size_t{1} << random() % 7;
      auto piece = arena.allocate(bytes, align);
      ASSERT_TRUE(piece);
      ASSERT_EQ(piece->size(), bytes);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(piece->data()) % (bytes ? align : 1), 0u);
      const auto mark = static_cast<std::byte>(i);
      std::ranges::fill(*piece, mark);
      pieces.push_back({*piece, mark});
    }
    for (const Piece& piece : pieces)
      ASSERT_TRUE(std::ranges::all_of(piece.bytes, [&](std::byte byte) { return byte == piece.mark; }));
    arena.reset();
    EXPECT_EQ(arena.used_bytes(), 0u);
  }
}

TEST(Arena, KeepsItsBlocksForReuse) {
  MemoryAccount account("arena");
  Arena arena(account, 1000);
  const auto fill = [&] {
    for (const std::size_t bytes : {600u, 600u, 5000u, 300u, 2000u, 900u}) ASSERT_TRUE(arena.allocate(bytes));
  };
  fill();
  const std::uint64_t held = account.live_bytes();
  for (int round = 0; round < 10; ++round) {
    arena.reset();
    fill();
  }
  EXPECT_EQ(account.live_bytes(), held);
  EXPECT_EQ(account.peak_bytes(), held);
}

TEST(Arena, CountsWhatItHandsOutWithPadding) {
  Arena arena;
  ASSERT_TRUE(arena.allocate(3, 1));
  EXPECT_EQ(arena.used_bytes(), 3u);
  ASSERT_TRUE(arena.allocate(8, 8));
  EXPECT_EQ(arena.used_bytes(), 16u);
  ASSERT_TRUE(arena.allocate(0, 64));
  EXPECT_EQ(arena.used_bytes(), 16u);
}

TEST(Arena, RefusesAnAlignmentItCannotGive) {
  Arena arena;
  for (const std::size_t align : {0u, 3u, 128u})
    EXPECT_EQ(arena.allocate(8, align).error().code, ErrorCode::invalid_argument) << align;
}

TEST(Arena, ArrayWhoseSizeOverflowsIsExhausted) {
  MemoryAccount account("arena");
  Arena arena(account);
  const auto array = arena.allocate_array<std::uint64_t>(std::numeric_limits<std::size_t>::max() / 4);
  ASSERT_FALSE(array);
  EXPECT_EQ(array.error().code, ErrorCode::exhausted);
  EXPECT_EQ(arena.allocate_array<char>(std::numeric_limits<std::size_t>::max()).error().code, ErrorCode::exhausted);
  EXPECT_EQ(account.peak_bytes(), 0u);
  struct alignas(64) Line {
    char bytes[64];
  };
  const auto lines = arena.allocate_array<Line>(3);
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->size(), 3u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(lines->data()) % 64, 0u);
}

TEST(Arena, FailedAllocationChangesNothing) {
  MemoryAccount account("arena", 1500);
  Arena arena(account, 1000);
  auto first = arena.allocate(100);
  ASSERT_TRUE(first);
  std::memset(first->data(), 7, 100);
  EXPECT_EQ(arena.allocate(2000).error().code, ErrorCode::exhausted);
  EXPECT_EQ(arena.used_bytes(), 100u);
  const auto second = arena.allocate(100, 1);
  ASSERT_TRUE(second) << "the block that was being filled goes on being filled";
  EXPECT_EQ(second->data(), first->data() + 100);
  EXPECT_EQ(account.live_bytes(), 1000u);
}

TEST(Arena, MovesWithWhatItHandedOut) {
  MemoryAccount account("arena");
  {
    Arena first(account, 100);
    auto piece = first.allocate(10);
    ASSERT_TRUE(piece);
    (*piece)[9] = std::byte{42};
    Arena second = std::move(first);
    EXPECT_EQ((*piece)[9], std::byte{42});
    EXPECT_EQ(second.used_bytes(), 10u);
    EXPECT_EQ(first.used_bytes(), 0u);
    ASSERT_TRUE(first.allocate(10)) << "what was moved from is an empty arena";
    first = std::move(second);
    EXPECT_EQ(account.live_bytes(), 100u);
    EXPECT_EQ((*piece)[9], std::byte{42});
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

}  // namespace
}  // namespace libabi::memory
