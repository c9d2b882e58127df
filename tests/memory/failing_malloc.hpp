#pragma once
/// Memory that runs out on demand, in everything a test program runs: malloc and its kin and every operator new are
/// interposed, so that what the standard library and other libraries take is counted and can fail too.
///
/// To use it, a test program compiles tests/memory/failing_malloc.cpp (`../memory/failing_malloc.cpp` among its SOURCES). A
/// loop over n makes each allocation of an operation fail once; fail_each() is that loop, and also looks for leaks:
///
///     fail_each([&] {
///       Result<Queue> queue = Queue::create(100);
///       EXPECT_TRUE(queue || queue.error().code == ErrorCode::exhausted);
///       return queue.has_value();
///     });
///
/// What the operation keeps for good (a cache of the thread, a static) is there after a first run that counts for nothing.
/// A failing EXPECT inside allocates too; it is seen to fail all the same.
///
/// Under a sanitizer malloc is the sanitizer's: then operator new alone is interposed, and no blocks are counted
/// (counts_blocks() is false; leaks are the sanitizer's to find).

#include <gtest/gtest.h>

#include <cstdint>

namespace libabi::test {

enum class Whose { this_thread, everybody };
enum class Fails { once, from_then_on };

/// While it lives, the n-th allocation (counted from 0) of this thread or of all threads fails: null, or bad_alloc from a
/// throwing operator new. Those before it succeed, and those after it unless told otherwise. A realloc counts. One at a time
/// per thread, and one for everybody.
class FailingMalloc {
 public:
  explicit FailingMalloc(std::uint64_t n, Whose whose = Whose::this_thread, Fails fails = Fails::once) noexcept;
  ~FailingMalloc();
  FailingMalloc(const FailingMalloc&) = delete;
  FailingMalloc& operator=(const FailingMalloc&) = delete;

  /// Whether allocation n was reached, and therefore failed.
  bool hit() const noexcept;
  /// Allocations that were asked for since construction.
  std::uint64_t count() const noexcept;

 private:
  Whose whose_;
};

/// Allocations that are allowed to be made although a FailingMalloc lives; for what a test does in between.
class Unfailing {
 public:
  Unfailing() noexcept;
  ~Unfailing();
  Unfailing(const Unfailing&) = delete;
  Unfailing& operator=(const Unfailing&) = delete;
};

/// Blocks taken minus blocks given back since construction, by this thread or by all. A block that one thread takes and
/// another gives back is balanced only for everybody.
class LiveBlocks {
 public:
  explicit LiveBlocks(Whose whose = Whose::this_thread) noexcept;
  std::int64_t count() const noexcept;

 private:
  Whose whose_;
  std::int64_t before_;
};

/// Whether malloc is interposed, and blocks are counted.
bool counts_blocks() noexcept;

/// Calls `operation`, which checks its own errors and returns whether it succeeded, with each of its allocations failing in
/// turn. Expects that it succeeds where nothing fails, and leaves no block of this thread behind in any case. How many
/// allocations there are.
template <class Operation>
std::uint64_t fail_each(Operation&& operation, Whose whose = Whose::this_thread, Fails fails = Fails::once) {
  EXPECT_TRUE(operation()) << "without a fault";
  for (std::uint64_t n = 0;; ++n) {
    const LiveBlocks live(whose);
    bool succeeded = false;
    bool hit = false;
    {
      const FailingMalloc fault(n, whose, fails);
      succeeded = operation();
      hit = fault.hit();
    }
    const std::int64_t left = live.count();
    EXPECT_EQ(left, 0) << "blocks are left behind after allocation " << n << (hit ? " failed" : " would have failed");
    if (hit) continue;
    EXPECT_TRUE(succeeded) << "without a fault";
    return n;
  }
}

}  // namespace libabi::test
