#include <abi/memory/buffer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace libabi::memory {
namespace {

TEST(Buffer, IsAlignedAndChargedToTheByte) {
  MemoryAccount account("buffers");
  for (const std::uint64_t bytes : {1u, 63u, 64u, 65u, 4096u, 1'000'003u}) {
    auto buffer = Buffer::allocate(bytes, account);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->size(), bytes);
    EXPECT_EQ(buffer->bytes().size(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer->data()) % Buffer::alignment, 0u);
    EXPECT_EQ(account.live_bytes(), bytes);
    std::ranges::fill(buffer->bytes(), std::byte{0xa5});
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(Buffer, OfZeroBytesIsEmptyAndFree) {
  MemoryAccount account("none", 0);
  EXPECT_EQ(Buffer::allocate(0, account)->size(), 0u);
  EXPECT_TRUE(Buffer::allocate_zeroed(0, account)->bytes().empty());
  EXPECT_EQ(Buffer().data(), nullptr);
}

TEST(Buffer, OfPagesIsZeroedChargedAndMovable) {
  MemoryAccount account("pages", 8 << 20);
  for (const std::uint64_t bytes : {1u, 4097u, 3u << 20}) {
    auto buffer = Buffer::allocate_pages(bytes, account);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->size(), bytes);
    EXPECT_EQ(account.live_bytes(), bytes);
    EXPECT_TRUE(std::ranges::all_of(buffer->bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
    std::ranges::fill(buffer->bytes(), std::byte{0xa5});
    Buffer moved = std::move(*buffer);
    *buffer = *Buffer::allocate(10, account);  // a buffer of the other kind takes its place
    EXPECT_EQ(moved.bytes().back(), std::byte{0xa5});
    *buffer = std::move(moved);
    EXPECT_EQ(account.live_bytes(), bytes);
  }
  EXPECT_EQ(account.live_bytes(), 0u);
  EXPECT_EQ(Buffer::allocate_pages(9 << 20, account).error().code, ErrorCode::exhausted);
  EXPECT_EQ(Buffer::allocate_pages(0, account)->size(), 0u);
}

TEST(Buffer, IsZeroedWhenAskedFor) {
  for (int round = 0; round < 8; ++round) {  // the memory of the round before is likely to come back
    auto buffer = Buffer::allocate_zeroed(10'000);
    ASSERT_TRUE(buffer);
    EXPECT_TRUE(std::ranges::all_of(buffer->bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
    std::ranges::fill(buffer->bytes(), std::byte{0xff});
  }
}

TEST(Buffer, OverBudgetIsAnError) {
  MemoryAccount account("small", 100);
  const auto buffer = Buffer::allocate(101, account);
  ASSERT_FALSE(buffer);
  EXPECT_EQ(buffer.error().code, ErrorCode::exhausted);
  EXPECT_EQ(account.peak_bytes(), 0u);
}

TEST(Buffer, OfImpossibleSizeIsAnErrorThatNoAccountSees) {
  MemoryAccount account("huge");
  for (const std::uint64_t bytes : {std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 63}) {
    const auto buffer = Buffer::allocate(bytes, account);
    ASSERT_FALSE(buffer);
    EXPECT_EQ(buffer.error().code, ErrorCode::exhausted);
  }
  EXPECT_EQ(account.peak_bytes(), 0u);
}

TEST(Buffer, MovesItsBytesAndItsCharge) {
  MemoryAccount account("moves");
  Buffer first = Buffer::allocate(100, account).value();
  Buffer second = Buffer::allocate(50, account).value();
  std::byte* const bytes = first.data();
  second = std::move(first);
  EXPECT_EQ(second.data(), bytes);
  EXPECT_EQ(second.size(), 100u);
  EXPECT_EQ(first.data(), nullptr);
  EXPECT_EQ(first.size(), 0u);
  EXPECT_EQ(account.live_bytes(), 100u);
  Buffer& self = second;
  second = std::move(self);
  EXPECT_EQ(second.data(), bytes);
  const Buffer third = std::move(second);
  EXPECT_EQ(third.data(), bytes);
  EXPECT_EQ(account.live_bytes(), 100u);
}

}  // namespace
}  // namespace libabi::memory
