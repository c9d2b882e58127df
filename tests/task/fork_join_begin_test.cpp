// Where fork-join begins: in a task, on several threads, on other executors; and what else is on the scheduler meanwhile.
#include "fork_join_tools.hpp"

#include <abi/task/manual_executor.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using test::fib;
using test::plain_fib;
using test::scheduler_of;

class ForkJoinBeginOf : public test::ForkJoinOf {};
INSTANTIATE_TEST_SUITE_P(Threads, ForkJoinBeginOf, testing::Values(1u, 2u, 4u), testing::PrintToStringParamName());

Fork<long> nests(Scheduler& scheduler, long n) {
  long a;
  co_await fork(a, fib(n));
  const Result<long> b = fork_join(scheduler, fib, n);
  co_await join();
  if (!b) co_return std::unexpected(b.error());
  co_return a + *b;
}

TEST_P(ForkJoinBeginOf, MayBeginInsideATaskOnTheSameSchedulerOrAnother) {
  const auto other = scheduler_of(2);
  for (Scheduler* inner : {scheduler_.get(), other.get()})
    for (int round = 0; round < 20; ++round) EXPECT_EQ(fork_join(*scheduler_, nests, std::ref(*inner), 15L), 2 * plain_fib(15));
}

TEST_P(ForkJoinBeginOf, MayBeginOnManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (long n = 0; n < 20; ++n) EXPECT_EQ(fork_join(*scheduler_, fib, n), plain_fib(n));
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(ForkJoinBegin, RunsInOrderOnAnExecutorThatIsNoScheduler) {
  ManualExecutor executor;
  std::vector<int> order;
  const auto append = [&](int number) -> Fork<void> {
    order.push_back(number);
    co_return {};
  };
  const auto body = [&]() -> Fork<int> {
    co_await fork(append(1));
    order.push_back(2);
    co_await fork(append(3));
    co_await join();
    co_return 4;
  };
  struct Inside : Job {
    std::function<void()> call;
  } inside;
  Result<int> result;
  inside.run = [](Job& self) noexcept { static_cast<Inside&>(self).call(); };
  inside.call = [&] { result = fork_join(executor, body); };
  executor.submit(inside);
  executor.run_all();
  EXPECT_EQ(result, 4);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

// What a task submits to its own scheduler lies above the continuations in the deque of its worker.
struct Counted : Job {
  explicit Counted(std::atomic<int>& c) : count(c) {
    run = [](Job& self) noexcept { static_cast<Counted&>(self).count.fetch_add(1, std::memory_order_release); };
  }
  std::atomic<int>& count;
};
Fork<void> submits(Scheduler& scheduler, std::vector<std::unique_ptr<Counted>>& jobs, std::size_t from, std::size_t count) {
  if (count == 1) {
    scheduler.submit(*jobs[from]);
    co_return {};
  }
  co_await fork(submits(scheduler, jobs, from, count / 2));
  co_await submits(scheduler, jobs, from + count / 2, count - count / 2);
  co_await join();
  co_return {};
}

TEST_P(ForkJoinBeginOf, TasksMaySubmitJobsToTheirOwnWorker) {
  std::atomic<int> count = 0;
  std::vector<std::unique_ptr<Counted>> jobs;
  for (int i = 0; i < 1000; ++i) jobs.push_back(std::make_unique<Counted>(count));
  EXPECT_TRUE(fork_join(*scheduler_, submits, std::ref(*scheduler_), std::ref(jobs), std::size_t{0}, jobs.size()));
  while (count.load(std::memory_order_acquire) != 1000) std::this_thread::yield();
}

}  // namespace
}  // namespace libabi::task
