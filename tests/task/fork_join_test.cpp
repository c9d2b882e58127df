#include "fork_join_tools.hpp"
#include "sanitizers.hpp"
#include "seed.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using test::fib;
using test::ForkJoinOf;
using test::plain_fib;
using test::scheduler_of;

INSTANTIATE_TEST_SUITE_P(Threads, ForkJoinOf, testing::Values(1u, 2u, 4u), testing::PrintToStringParamName());

TEST_P(ForkJoinOf, GivesWhatTheSequentialProgramGives) {
  for (long n = 0; n < 24; ++n) EXPECT_EQ(fork_join(*scheduler_, fib, n), plain_fib(n));
}

// A tree whose shape comes from a seed: every node forks, calls and joins as its own numbers say.
std::uint64_t plain_tree(std::uint64_t seed, int depth) {
  std::mt19937_64 random(seed);
  std::uint64_t sum = seed;
  if (depth == 0) return sum;
  for (std::uint64_t child = random() % 5; child != 0; --child) {
    random();
    sum = sum * 31 + plain_tree(random(), depth - 1);
  }
  return sum;
}

Fork<std::uint64_t> tree(std::uint64_t seed, int depth) {
  std::mt19937_64 random(seed);
  std::uint64_t sum = seed;
  if (depth == 0) co_return sum;
  std::array<std::uint64_t, 5> results{};
  std::size_t waiting = 0;
  const auto fold = [&] {
    for (std::size_t i = 0; i < waiting; ++i) sum = sum * 31 + results[i];
    waiting = 0;
  };
  for (std::uint64_t child = random() % 5; child != 0; --child) {
    const std::uint64_t how = random() % 3;
    const std::uint64_t below = random();
    if (how != 0) {
      co_await fork(results[waiting], tree(below, depth - 1));
      ++waiting;
    } else {
      results[waiting] = co_await tree(below, depth - 1);
      ++waiting;
    }
    if (how == 2) {
      co_await join();
      fold();
    }
  }
  co_await join();
  fold();
  co_return sum;
}

TEST_P(ForkJoinOf, RandomTreesGiveWhatTheSequentialProgramGives) {
  std::mt19937_64 random(libabi::test::seed());
  for (int round = 0; round < (libabi::test::sanitized ? 10 : 100); ++round) {
    const std::uint64_t seed = random();
    ASSERT_EQ(fork_join(*scheduler_, tree, seed, 8), plain_tree(seed, 8)) << seed;
  }
}

// --- depth ---------------------------------------------------------------------------------------------------------------

constexpr long kDeep = libabi::test::sanitized ? 100'000 : 10'000'000;

[[gnu::noinline]] std::uintptr_t place_on_the_stack() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

Fork<long> deep(long n, bool forks, std::uintptr_t* bottom) {
  if (n == 0) {
    *bottom = place_on_the_stack();
    co_return 0;
  }
  long below;
  if (forks) {
    co_await fork(below, deep(n - 1, forks, bottom));
    co_await join();
  } else {
    below = co_await deep(n - 1, forks, bottom);
  }
  co_return below + 1;
}

Fork<long> measured(bool forks, std::uintptr_t* top, std::uintptr_t* bottom) {
  *top = place_on_the_stack();
  co_return co_await deep(kDeep, forks, bottom);
}

TEST(ForkJoin, TenMillionNestedForksAndCallsUseNoMoreStackThanOne) {
  const auto scheduler = scheduler_of(1);
  for (const bool forks : {true, false}) {
    std::uintptr_t top = 0;
    std::uintptr_t bottom = 0;
    ASSERT_EQ(fork_join(*scheduler, measured, forks, &top, &bottom), kDeep);
    const std::uintptr_t distance = top > bottom ? top - bottom : bottom - top;
    EXPECT_LT(distance, 16u * 1024);
  }
  release_fork_stacks();
}

TEST_P(ForkJoinOf, DeepForksThatAreStolenFrom) {
  std::uintptr_t bottom = 0;
  for (int round = 0; round < 5; ++round) EXPECT_EQ(fork_join(*scheduler_, deep, 50'000L, true, &bottom), 50'000);
}

// --- results -------------------------------------------------------------------------------------------------------------

Fork<std::unique_ptr<std::string>> boxed(std::string text) {
  if (text.size() < 2) co_return std::make_unique<std::string>(std::move(text));
  std::unique_ptr<std::string> rest;
  co_await fork(rest, boxed(text.substr(1)));
  const std::unique_ptr<std::string> first = co_await boxed(text.substr(0, 1));
  co_await join();
  co_return std::make_unique<std::string>(*rest + *first);
}

TEST_P(ForkJoinOf, ResultsMayBeMovedOnlyAndParametersMayOwn) {
  const auto reversed = fork_join(*scheduler_, boxed, std::string("a text that is long enough to be on the heap"));
  ASSERT_TRUE(reversed);
  EXPECT_EQ(**reversed, "paeh eht no eb ot hguone gnol si taht txet a");
}

struct Named {
  explicit Named(std::string n) : name(std::move(n)) {}
  std::string name;
};
struct Numbered {
  explicit Numbered(int n) : number(n) {}
  int number;
};
Fork<Named> named(std::string name) { co_return Named(std::move(name)); }
Fork<Numbered> numbered(int number) { co_return Numbered(number); }
Fork<std::string> both() {
  std::optional<Named> name;
  std::optional<Numbered> number;
  co_await fork(name, named("a name that does not fit into the object"));
  co_await fork(number, numbered(7));
  co_await join();
  co_return name->name + " " + std::to_string(number->number);
}

TEST_P(ForkJoinOf, ResultsNeedNoDefault) {
  EXPECT_EQ(fork_join(*scheduler_, both), "a name that does not fit into the object 7");
}

Fork<int&> larger(int& a, int& b) { co_return a < b ? b : a; }
Fork<int&> largest(int* numbers, std::size_t count) {
  if (count == 1) co_return *numbers;
  int* left = nullptr;
  co_await fork(left, largest(numbers, count / 2));
  int& right = co_await largest(numbers + count / 2, count - count / 2);
  co_await join();
  co_return co_await larger(*left, right);
}

TEST_P(ForkJoinOf, ResultsMayBeReferences) {
  std::array<int, 100> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i * 37 % 100);
  const auto largest_of = [&]() -> Fork<int*> { co_return &co_await largest(numbers.data(), numbers.size()); };
  EXPECT_EQ(fork_join(*scheduler_, largest_of), &numbers[27]);
}

Fork<void> count_leaves(std::atomic<int>& leaves, int depth) {
  if (depth == 0) {
    leaves.fetch_add(1, std::memory_order_relaxed);
    co_return {};
  }
  co_await fork(count_leaves(leaves, depth - 1));
  co_await count_leaves(leaves, depth - 1);
  co_return {};  // joins
}

TEST_P(ForkJoinOf, BodyThatEndsWaitsForItsChildren) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> leaves = 0;
    EXPECT_TRUE(fork_join(*scheduler_, count_leaves, std::ref(leaves), 10));
    EXPECT_EQ(leaves, 1024);
  }
}

Fork<Result<long>> half(long n) {
  if (n % 2 != 0) co_return error(ErrorCode::invalid_argument, "{} is odd", n);
  co_return Result<long>(n / 2);
}
Fork<long> quarter(long n) { co_return co_await half(co_await half(n)); }

TEST_P(ForkJoinOf, ResultOfAResultIsOne) {
  EXPECT_EQ(fork_join(*scheduler_, quarter, 12L), 3);
  EXPECT_EQ(fork_join(*scheduler_, quarter, 6L).error().message, "3 is odd");
}

// --- theft, forced: each side waits for the other one, which one thread alone could not do ---------------------------------

void await_flag(const std::atomic<bool>& flag) {
  while (!flag.load(std::memory_order_acquire)) std::this_thread::yield();
}

struct Meeting {
  std::atomic<bool> child_runs{false};
  std::atomic<bool> parent_runs{false};
};
Fork<int> child_that_waits(Meeting& meeting, bool first_to_end) {
  meeting.child_runs.store(true, std::memory_order_release);
  await_flag(meeting.parent_runs);
  if (!first_to_end)
    for (int i = 0; i < 200; ++i) std::this_thread::yield();
  co_return 1;
}
Fork<int> parent_that_is_stolen(int depth, bool child_first) {
  int results[2] = {};
  for (int& result : results) {
    Meeting meeting;
    co_await fork(result, child_that_waits(meeting, child_first));
    await_flag(meeting.child_runs);
    meeting.parent_runs.store(true, std::memory_order_release);
    if (child_first)
      for (int i = 0; i < 200; ++i) std::this_thread::yield();
    co_await join();
  }
  const int below = depth == 0 ? 0 : co_await parent_that_is_stolen(depth - 1, child_first);
  co_return results[0] + results[1] + below;
}

TEST(ForkJoin, StolenContinuationsJoinWhoeverComesLast) {
  const auto scheduler = scheduler_of(2);
  for (const bool child_first : {true, false})
    for (int round = 0; round < 20; ++round) EXPECT_EQ(fork_join(*scheduler, parent_that_is_stolen, 3, child_first), 8);
}

}  // namespace
}  // namespace libabi::task
