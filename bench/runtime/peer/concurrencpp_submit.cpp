#include "parallel.hpp"

#include <concurrencpp/concurrencpp.h>

#include <algorithm>
#include <atomic>

namespace bench::parallel {

double concurrencpp_submit() {
  concurrencpp::runtime_options options;
  options.max_cpu_threads = 1;
  concurrencpp::runtime runtime(options);
  const auto pool = runtime.thread_pool_executor();
  const double by_result = microseconds_per_call(submit_calls, [&] { pool->submit([] {}).get(); });
  std::atomic<bool> done{false};
  const double by_flag = microseconds_per_call(submit_calls, [&] {
    done.store(false, std::memory_order_relaxed);
    pool->post([&] { done.store(true, std::memory_order_release); });
    while (!done.load(std::memory_order_acquire)) __builtin_ia32_pause();
  });
  return std::min(by_result, by_flag);
}

}  // namespace bench::parallel
