#include "coroutines.hpp"

#include <coro/sync_wait.hpp>
#include <coro/task.hpp>
#include <coro/thread_pool.hpp>

namespace bench::coroutines {

namespace {

[[gnu::noinline]] coro::task<int> give(int value) { co_return value; }

coro::task<long> sum_tasks(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await give(1);
  co_return sum;
}

coro::task<double> hop(coro::thread_pool& pool, int count) {
  co_await pool.schedule();
  for (int i = 0; i < count / 10; ++i) co_await pool.schedule();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) co_await pool.schedule();
  co_return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

double libcoro_task(int count) {
  return per_item(count, seconds([&] { expect(coro::sync_wait(sum_tasks(count)) == count); }));
}

double libcoro_hop(int count) {
  const auto pool = coro::thread_pool::make_unique({.thread_count = 1});
  return per_item(count, coro::sync_wait(hop(*pool, count)));
}

}  // namespace bench::coroutines
