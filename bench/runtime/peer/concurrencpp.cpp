#include "coroutines.hpp"

#include <concurrencpp/concurrencpp.h>

namespace bench::coroutines {

namespace {

[[gnu::noinline]] concurrencpp::lazy_result<int> give(int value) { co_return value; }

concurrencpp::lazy_result<long> sum_tasks(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await give(1);
  co_return sum;
}

concurrencpp::lazy_result<double> hop(std::shared_ptr<concurrencpp::worker_thread_executor> pool, int count) {
  co_await concurrencpp::resume_on(pool);
  for (int i = 0; i < count / 10; ++i) co_await concurrencpp::resume_on(pool);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) co_await concurrencpp::resume_on(pool);
  co_return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

double concurrencpp_task(int count) {
  return per_item(count, seconds([&] { expect(sum_tasks(count).run().get() == count); }));
}

double concurrencpp_hop(int count) {
  concurrencpp::runtime runtime;
  const auto pool = runtime.make_worker_thread_executor();
  return per_item(count, hop(pool, count).run().get());
}

}  // namespace bench::coroutines
