// Every public function of memory, with every one of its allocations failing in turn.

#include "memory/failing_new.hpp"

#include <abi/memory/arena.hpp>
#include <abi/memory/fault.hpp>
#include <abi/memory/mapped_file.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <thread>
#include <vector>

namespace libabi::memory {
namespace {

using libabi::test::FailingNew;

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

// Runs `operation`, which returns whether it succeeded and checks its error, with each of its allocations failing in turn.
// How many there are.
template <class Fault, class Operation>
std::uint64_t fail_each(Operation&& operation) {
  for (std::uint64_t n = 0;; ++n) {
    const Fault fault(n);
    const bool succeeded = operation();
    if (fault.hit()) continue;
    EXPECT_TRUE(succeeded) << "without a fault";
    return n;
  }
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

bool fills(Arena& arena) {
  for (const std::size_t bytes : {60u, 60u, 300u}) {
    const std::size_t before = arena.used_bytes();
    if (succeeds(arena.allocate(bytes))) continue;
    EXPECT_EQ(arena.used_bytes(), before);
    return false;
  }
  return true;
}

template <class Fault>
void memory_survives() {
  MemoryAccount account("survivor", 10'000);
  EXPECT_EQ(account.live_bytes(), 0u);
  fail_each<Fault>([&] { return succeeds(Charge::take(account, 10)); });
  EXPECT_GE(fail_each<Fault>([&] { return succeeds(Buffer::allocate_zeroed(1000, account)); }), 1u);
  EXPECT_GE(fail_each<Fault>([&] {
              Arena arena(account, 100);
              return fills(arena);
            }),
            3u);
  fail_each<Fault>([&] { return fails_with(ErrorCode::exhausted, account.charge(10'001)); });
  fail_each<Fault>([&] { return fails_with(ErrorCode::exhausted, Buffer::allocate(unlimited, account)); });
  fail_each<Fault>(
      [&] { return fails_with(ErrorCode::exhausted, Arena(account).allocate_array<long>(static_cast<std::size_t>(-1))); });
  fail_each<Fault>([&] { return fails_with(ErrorCode::invalid_argument, Arena(account).allocate(1, 3)); });
  const std::filesystem::path present = "/proc/self/exe";
  const std::filesystem::path missing = "/proc/self/no-such-file-and-a-name-that-no-string-holds-by-itself";
  fail_each<Fault>([&] { return succeeds(MappedFile::open(present)); });
  fail_each<Fault>([&] { return fails_with(ErrorCode::not_found, MappedFile::open(missing)); });
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(Memory, SurvivesTheFailureOfEveryCharge) { memory_survives<AllocationFault>(); }

TEST(Memory, SurvivesTheFailureOfEveryNew) { memory_survives<FailingNew>(); }

TEST(FailingNew, Fails) {
  const FailingNew fault(0);
  // Not a new expression, which a compiler may leave out.
  EXPECT_THROW(::operator delete(::operator new(10)), std::bad_alloc);
  EXPECT_TRUE(fault.hit());
}

}  // namespace
}  // namespace libabi::memory
