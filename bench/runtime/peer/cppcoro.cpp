#include "coroutines.hpp"

#include <cppcoro/async_generator.hpp>
#include <cppcoro/static_thread_pool.hpp>
#include <cppcoro/sync_wait.hpp>
#include <cppcoro/task.hpp>

namespace bench::coroutines {

namespace {

[[gnu::noinline]] cppcoro::task<int> give(int value) { co_return value; }

cppcoro::task<long> sum_tasks(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await give(1);
  co_return sum;
}

[[gnu::noinline]] cppcoro::async_generator<long> count_to(int count) {
  for (int i = 0; i < count; ++i) co_yield 1;
}

cppcoro::task<long> sum_items(int count) {
  auto items = count_to(count);
  long sum = 0;
  for (auto item = co_await items.begin(); item != items.end(); co_await ++item) sum += *item;
  co_return sum;
}

cppcoro::task<double> hop(cppcoro::static_thread_pool& pool, int count) {
  co_await pool.schedule();
  for (int i = 0; i < count / 10; ++i) co_await pool.schedule();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) co_await pool.schedule();
  co_return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

double cppcoro_task(int count) {
  return per_item(count, seconds([&] { expect(cppcoro::sync_wait(sum_tasks(count)) == count); }));
}

double cppcoro_item(int count) {
  return per_item(count, seconds([&] { expect(cppcoro::sync_wait(sum_items(count)) == count); }));
}

double cppcoro_hop(int count) {
  cppcoro::static_thread_pool pool(1);
  return per_item(count, cppcoro::sync_wait(hop(pool, count)));
}

}  // namespace bench::coroutines
