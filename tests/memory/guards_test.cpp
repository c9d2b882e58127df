// Misuse of the arena's and the slab's memory is seen: by their guards, and under the address sanitizer at once.

#include "sanitizers.hpp"

#include <abi/base/log.hpp>
#include <abi/memory/scoped_arena.hpp>
#include <abi/memory/slab_allocator.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace libabi::memory {
namespace {

constexpr bool sanitized = test::address_sanitizer;

class Log {
 public:
  Log() {
    set_log_sink([this](LogLevel, std::string_view text) { text_ += text; });
  }
  ~Log() { set_log_sink({}); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  bool says(std::string_view text) const { return text_.contains(text); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Behind the optimiser's back.
void write(std::byte* place) { *const_cast<volatile std::byte*>(place) = std::byte{1}; }

class Guards : public testing::Test {
 protected:
  // Without the sanitizer, which would end the test at the first bad write.
  void SetUp() override {
    if (sanitized) GTEST_SKIP() << "the address sanitizer is quicker, see SanitizerSees";
  }
  Log log;
};

TEST_F(Guards, OfAnArenaSeeAnOverrun) {
  ScopedArena arena(default_account(), {.guards = true});
  for (const std::size_t bytes : {1u, 16u, 63u, 64u, 5000u}) {
    const ScopedArena::Scope scope(arena);
    std::byte* const block = arena.try_allocate(bytes);
    std::memset(block, 1, bytes);
    EXPECT_TRUE(arena.check()) << bytes;
    write(block + bytes);
    const auto checked = arena.check();
    ASSERT_FALSE(checked) << bytes;
    EXPECT_EQ(checked.error().code, ErrorCode::corrupt);
    EXPECT_TRUE(checked.error().message.contains(std::to_string(bytes) + " bytes")) << checked.error().message;
  }
  EXPECT_TRUE(log.says("was overrun")) << "each end of a scope has seen it too";
  EXPECT_TRUE(arena.check());
}

TEST_F(Guards, OfAnArenaSeeAnUnderrun) {
  ScopedArena arena(default_account(), {.guards = true});
  const ScopedArena::Scope scope(arena);
  write(arena.try_allocate(100) - 1);
  EXPECT_EQ(arena.check().error().code, ErrorCode::corrupt);
}

TEST_F(Guards, OfAnArenaOverwriteWhatIsGone) {
  ScopedArena arena(default_account(), {.guards = true});
  std::byte* gone = nullptr;
  {
    const ScopedArena::Scope scope(arena);
    gone = arena.try_allocate(100);
    std::memset(gone, 1, 100);
  }
  EXPECT_EQ(gone[50], std::byte{0xdd});
}

TEST_F(Guards, OfASlabSeeAnOverrun) {
  const auto slabs = SlabAllocator::create(default_account(), {.guards = true}).value();
  for (const std::size_t bytes : {1u, 16u, 63u, 64u, 5000u}) {
    std::byte* const block = slabs->try_allocate(bytes);
    std::memset(block, 1, bytes);
    write(block + bytes);
    slabs->deallocate(block);
    EXPECT_TRUE(log.says("a slab's block of " + std::to_string(bytes) + " bytes")) << log.text();
  }
}

TEST_F(Guards, OfASlabSeeAnUnderrun) {
  const auto slabs = SlabAllocator::create(default_account(), {.guards = true}).value();
  std::byte* const block = slabs->try_allocate(40);
  write(block - 1);
  slabs->deallocate(block);
  EXPECT_TRUE(log.says("the memory before a slab's block"));
}

TEST_F(Guards, OfASlabSeeASecondGivingBackAndSurviveIt) {
  const auto slabs = SlabAllocator::create(default_account(), {.guards = true}).value();
  std::byte* const block = slabs->try_allocate(40);
  slabs->deallocate(block);
  EXPECT_EQ(log.text(), "");
  slabs->deallocate(block);
  EXPECT_TRUE(log.says("is given back twice"));
  EXPECT_NE(slabs->try_allocate(40), slabs->try_allocate(40));
}

TEST_F(Guards, OfASlabSeeAWriteToWhatIsGone) {
  const auto slabs = SlabAllocator::create(default_account(), {.guards = true}).value();
  std::byte* const block = slabs->try_allocate(40);
  slabs->deallocate(block);
  EXPECT_EQ(block[20], std::byte{0xdd});
  write(block + 20);
  EXPECT_EQ(slabs->try_allocate(40), block) << "the block given back last is taken next";
  EXPECT_TRUE(log.says("was written to after it was given back"));
}

class SanitizerSees : public testing::Test {
 protected:
  void SetUp() override {
    if (!sanitized) GTEST_SKIP() << "this build has no address sanitizer";
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

TEST_F(SanitizerSees, AnOverrunInAnArena) {
  ScopedArena arena;
  std::byte* const block = arena.try_allocate(100);
  write(block + 99);
  EXPECT_DEATH(write(block + 100), "use-after-poison");
  EXPECT_DEATH(write(block - 1), "use-after-poison");
}

TEST_F(SanitizerSees, AUseAfterTheScopesEnd) {
  ScopedArena arena;
  std::byte* block = nullptr;
  {
    const ScopedArena::Scope scope(arena);
    block = arena.try_allocate(100);
  }
  EXPECT_DEATH(write(block), "use-after-poison");
}

TEST_F(SanitizerSees, AnOverrunInASlab) {
  const auto slabs = SlabAllocator::create().value();
  std::byte* const block = slabs->try_allocate(100);
  write(block + 99);
  EXPECT_DEATH(write(block + 100), "use-after-poison");
  EXPECT_DEATH(write(block - 1), "use-after-poison");
}

TEST_F(SanitizerSees, AUseAfterGivingBack) {
  const auto slabs = SlabAllocator::create().value();
  std::byte* const block = slabs->try_allocate(100);
  slabs->deallocate(block);
  EXPECT_DEATH(write(block), "use-after-poison");
}

}  // namespace
}  // namespace libabi::memory
