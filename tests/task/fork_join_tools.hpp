#pragma once
/// What the tests of fork-join have in common.

#include <abi/task/fork_join.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace libabi::task::test {

inline std::unique_ptr<Scheduler> scheduler_of(unsigned threads) {
  SchedulerOptions options;
  options.threads = threads;
  return Scheduler::create(options).value();
}

/// A suite that runs with a scheduler of as many threads as its parameter says.
class ForkJoinOf : public testing::TestWithParam<unsigned> {
 protected:
  std::unique_ptr<Scheduler> scheduler_ = scheduler_of(GetParam());
};

inline Fork<long> fib(long n) {
  if (n < 2) co_return n;
  long a;
  co_await fork(a, fib(n - 1));
  const long b = co_await fib(n - 2);
  co_await join();
  co_return a + b;
}

inline long plain_fib(long n) { return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2); }

}  // namespace libabi::task::test
