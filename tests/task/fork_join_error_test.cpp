#include "fork_join_tools.hpp"
#include "memory/failing_malloc.hpp"

#include <abi/memory/fault.hpp>
#include <abi/task/sync_wait.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

namespace libabi::task {
namespace {

using test::fib;
using test::scheduler_of;

class ForkJoinErrorOf : public test::ForkJoinOf {};
INSTANTIATE_TEST_SUITE_P(Threads, ForkJoinErrorOf, testing::Values(1u, 2u, 4u), testing::PrintToStringParamName());

/// Alive ones are counted: what is destroyed twice or not at all is seen.
struct Alive {
  explicit Alive(std::atomic<int>& count) : count_(&count) { ++*count_; }
  Alive(const Alive& other) : count_(other.count_) { ++*count_; }
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --*count_; }
  std::atomic<int>* count_;
};

enum class Way { throws, returns };

// Every leaf counts; the leaf with the number `culprit` fails then.
struct Leaves {
  std::atomic<int> alive{0};
  std::atomic<int> ended{0};
  int culprit = 0;
  Way way = Way::throws;
};
Fork<int> leaf(Leaves& leaves, int number, Alive) {
  leaves.ended.fetch_add(1, std::memory_order_relaxed);
  if (number == leaves.culprit && leaves.way == Way::throws) throw std::runtime_error("leaf " + std::to_string(number));
  if (number == leaves.culprit) co_return error(ErrorCode::not_found, "leaf {}", number);
  co_return 1;
}
Fork<int> all_leaves(Leaves& leaves, int first, int count, Alive alive) {
  if (count == 1) co_return co_await leaf(leaves, first, alive);
  const Alive local(leaves.alive);
  int left;
  int right;
  co_await fork(left, all_leaves(leaves, first, count / 2, alive));
  co_await fork(right, all_leaves(leaves, first + count / 2, count - count / 2, Alive(leaves.alive)));
  co_await join();
  co_return left + right;
}

TEST_P(ForkJoinErrorOf, FailureComesUpAfterAllThatWasForkedAndEverythingIsDestroyed) {
  for (const Way way : {Way::throws, Way::returns})
    for (int culprit = -1; culprit < 64; ++culprit) {
      Leaves leaves{.culprit = culprit, .way = way};
      const auto result = fork_join(*scheduler_, all_leaves, std::ref(leaves), 0, 64, Alive(leaves.alive));
      EXPECT_EQ(leaves.ended, 64);
      EXPECT_EQ(leaves.alive, 0);
      if (culprit < 0) {
        EXPECT_EQ(result, 64);
        continue;
      }
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, way == Way::throws ? ErrorCode::internal : ErrorCode::not_found);
      EXPECT_EQ(result.error().message, "leaf " + std::to_string(culprit));
    }
}

Fork<void> fails(const char* why) {
  throw std::runtime_error(why);
  co_return {};
}
Fork<void> goes_wrong_in_order(bool& went_on) {
  co_await fork(fails("first"));
  co_await fork(fails("second"));
  co_await join();
  went_on = true;
  co_return {};
}

TEST(ForkJoinError, FirstOfSeveralFailuresCounts) {
  const auto scheduler = scheduler_of(1);
  bool went_on = false;
  EXPECT_EQ(fork_join(*scheduler, goes_wrong_in_order, std::ref(went_on)).error().message, "first");
  EXPECT_FALSE(went_on);
}

Fork<void> calls_what_fails(std::atomic<int>& ended, std::atomic<bool>& release, bool& went_on) {
  const auto slow = [](std::atomic<int>& count, std::atomic<bool>& go) -> Fork<void> {
    while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
    ++count;
    co_return {};
  };
  co_await fork(slow(ended, release));
  release.store(true, std::memory_order_release);
  co_await fails("called");
  went_on = true;
  co_return {};
}

TEST(ForkJoinError, FailureOfACallWaitsForWhatWasForkedBefore) {
  const auto scheduler = scheduler_of(2);  // slow() holds one thread until the other one has stolen the rest
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> ended = 0;
    std::atomic<bool> release = false;
    bool went_on = false;
    EXPECT_EQ(fork_join(*scheduler, calls_what_fails, std::ref(ended), std::ref(release), std::ref(went_on)).error().message,
              "called");
    EXPECT_EQ(ended, 1);
    EXPECT_FALSE(went_on);
  }
}

Fork<void> unjoined() {
  co_await fork(fails("unjoined"));
  co_return {};
}
Fork<void> throws_while_children_run() {
  co_await fork(fails("child"));
  throw std::runtime_error("parent");
}

TEST_P(ForkJoinErrorOf, FailureOfAChildThatWasNotJoinedIsTheTasks) {
  EXPECT_EQ(fork_join(*scheduler_, unjoined).error().message, "unjoined");
  const auto result = fork_join(*scheduler_, throws_while_children_run);
  ASSERT_FALSE(result);
  if (GetParam() == 1) {
    EXPECT_EQ(result.error().message, "child");
  }
}

Fork<std::string> asks() {
  std::string heard;
  co_await fork(fails("fork"));
  const Result<void> children = co_await try_join();
  heard += children.error().message;
  const Result<void> again = co_await try_join();  // nothing is left of it
  heard += again ? " ok " : " again ";
  const Result<void> call = co_await try_call(fails("call"));
  heard += call.error().message;
  const Result<long> good = co_await try_call(fib(10));
  heard += " " + std::to_string(good.value());
  long forked;
  co_await fork(forked, fib(11));
  co_await join();
  co_return heard + " " + std::to_string(forked);
}

TEST_P(ForkJoinErrorOf, TaskThatAsksGoesOn) {
  for (int round = 0; round < 50; ++round) EXPECT_EQ(fork_join(*scheduler_, asks), "fork ok call 55 89");
}

Fork<long> failing_chain(long n) {
  if (n == 0) co_return error(ErrorCode::aborted, "bottom");
  co_return co_await failing_chain(n - 1) + 1;
}
TEST(ForkJoinError, FailureComesUpThroughALongChainInConstantStack) {
  const auto scheduler = scheduler_of(1);
  EXPECT_EQ(fork_join(*scheduler, failing_chain, 200'000L).error().message, "bottom");
}

Fork<void> forever(std::atomic<int>& begun) {
  for (;;) {
    ++begun;
    co_await fork([]() -> Fork<void> { co_return {}; }());
    co_await join();
  }
}

TEST_P(ForkJoinErrorOf, StopEndsTasksWhenTheyFork) {
  StopSource source;
  std::atomic<int> begun = 0;
  std::thread stopper([&] {
    while (begun < 100) std::this_thread::yield();
    source.request_stop();
  });
  const auto result = fork_join(*scheduler_, {.stop = source.get_token()}, forever, std::ref(begun));
  stopper.join();
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  EXPECT_EQ(fork_join(*scheduler_, {.stop = source.get_token()}, fib, 5L).error().code, ErrorCode::cancelled);
  EXPECT_EQ(fork_join(*scheduler_, {.stop = source.get_token()}, fib, 1L), 1) << "what does not fork does not look";
}

Fork<void> until_stopped(std::atomic<bool>& begun) {
  begun = true;
  while (!fork_stopped()) std::this_thread::yield();
  co_return {};
}
TEST_P(ForkJoinErrorOf, LongBodySeesTheStop) {
  StopSource source;
  std::atomic<bool> begun = false;
  std::thread stopper([&] {
    while (!begun) std::this_thread::yield();
    source.request_stop();
  });
  EXPECT_TRUE(fork_join(*scheduler_, {.stop = source.get_token()}, until_stopped, std::ref(begun)));
  stopper.join();
}

Task<long> sum_of(Scheduler& scheduler, long n) {
  long sum = 0;
  for (long i = 0; i < n; ++i) {
    ABI_CO_TRY(const long each, co_await async_fork_join(scheduler, fib, i));
    sum += each;
  }
  ABI_CO_TRY(co_await async_fork_join(scheduler, [] { return fails("last"); }));
  co_return sum;
}

TEST_P(ForkJoinErrorOf, TaskAwaitsForkJoin) {
  EXPECT_EQ(sync_wait(sum_of(*scheduler_, 15)).error().message, "last");
  EXPECT_EQ(sync_wait(*scheduler_, sum_of(*scheduler_, 15)).error().message, "last");
  const auto good = [&]() -> Task<long> { co_return co_await async_fork_join(*scheduler_, fib, 20L); };
  EXPECT_EQ(sync_wait(good()), 6765);
  EXPECT_EQ(sync_wait(*scheduler_, good()), 6765);
}

TEST_P(ForkJoinErrorOf, ForkJoinEndsWithTheTaskThatAwaitsIt) {
  StopSource source;
  std::atomic<int> begun = 0;
  const auto waits = [&]() -> Task<void> { co_return co_await async_fork_join(*scheduler_, forever, std::ref(begun)); };
  std::thread stopper([&] {
    while (begun < 100) std::this_thread::yield();
    source.request_stop();
  });
  EXPECT_EQ(sync_wait(*scheduler_, waits(), {.stop = source.get_token()}).error().code, ErrorCode::cancelled);
  stopper.join();
}

TEST(ForkJoinError, ForkJoinThatIsNotAwaitedDoesNotBegin) {
  const auto scheduler = scheduler_of(1);
  Leaves leaves;
  {
    const auto dropped = async_fork_join(*scheduler, leaf, std::ref(leaves), 0, Alive(leaves.alive));
  }
  EXPECT_EQ(leaves.ended, 0);
  EXPECT_EQ(leaves.alive, 0);
}

Fork<long> large(long n) {
  std::array<long, 3000> numbers;  // 24 KiB: every third frame needs a segment
  numbers.fill(n);
  if (n == 0) co_return 0;
  long a;
  co_await fork(a, large(n - 1));
  co_await join();
  co_return a + numbers[static_cast<std::size_t>(n)];
}
Fork<long> huge(long n) {
  std::array<long, 20'000> numbers;  // larger than a segment
  numbers.fill(n);
  if (n == 0) co_return 0;
  const long a = co_await huge(n - 1);
  long b;
  co_await fork(b, fib(5));
  co_await join();
  co_return a + b + numbers[static_cast<std::size_t>(n)];
}

TEST_P(ForkJoinErrorOf, FramesMayBeLarge) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(fork_join(*scheduler_, large, 100L), 5050);
    EXPECT_EQ(fork_join(*scheduler_, huge, 20L), 210 + 20 * 5);
  }
}

/// What the workers allocate fails too.
struct FailingMallocOfAll : libabi::test::FailingMalloc {
  explicit FailingMallocOfAll(std::uint64_t n) : FailingMalloc(n, libabi::test::Whose::everybody) {}
};

template <class Fault>
void without_memory(Scheduler& scheduler, long depth) {
  for (std::uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 500u);
    release_fork_stacks();
    Leaves leaves{.culprit = -1};
    Result<long> one = 0;
    Result<int> other = 0;
    bool hit = false;
    {
      const Fault fault(n);
      one = fork_join(scheduler, large, depth);
      other = fork_join(scheduler, all_leaves, std::ref(leaves), 0, 64, Alive(leaves.alive));
      hit = fault.hit();
    }
    EXPECT_EQ(leaves.alive, 0);
    EXPECT_TRUE(one || one.error().code == ErrorCode::exhausted);
    EXPECT_TRUE(other || other.error().code == ErrorCode::exhausted);
    EXPECT_EQ(one.value_or(depth * (depth + 1) / 2), depth * (depth + 1) / 2);
    EXPECT_EQ(other.value_or(64), 64);
    if (!hit) {
      EXPECT_TRUE(one && other);
      EXPECT_GT(n, 0u) << "nothing was allocated";
      return;
    }
  }
}

TEST_P(ForkJoinErrorOf, WithoutMemoryItIsExhaustedAndNothingIsLost) {
  for (const long depth : {0L, 3L, 40L}) {
    without_memory<memory::AllocationFault>(*scheduler_, depth);
    without_memory<FailingMallocOfAll>(*scheduler_, depth);
  }
}

TEST(ForkJoinError, SteadyStateAllocatesNothing) {
  const auto scheduler = scheduler_of(1);
  for (int warm = 0; warm < 2; ++warm) EXPECT_TRUE(fork_join(*scheduler, large, 20L));  // the caller's stack, the worker's
  memory::AllocationFault count(UINT64_MAX);
  for (int round = 0; round < 10; ++round) EXPECT_TRUE(fork_join(*scheduler, large, 20L));
  EXPECT_EQ(fork_join(*scheduler, fib, 20L), 6765);
  EXPECT_EQ(count.count(), 0u);
}

}  // namespace
}  // namespace libabi::task
