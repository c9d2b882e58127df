// oneTBB: a loop of two threads from inside its arena, and a task for its one worker from outside.
#include "parallel.hpp"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>

namespace bench::parallel {

double tbb_region() {
  Saxpy saxpy;
  const tbb::global_control two(tbb::global_control::max_allowed_parallelism, 2);
  tbb::task_arena arena(2);
  double result = 0;
  arena.execute([&] {
    result = microseconds_per_call(region_calls, [&] {
      tbb::parallel_for(
          tbb::blocked_range<std::size_t>(0, Saxpy::floats, Saxpy::floats / 2),
          [&](const tbb::blocked_range<std::size_t>& range) { saxpy(range.begin(), range.end()); }, tbb::static_partitioner());
    });
  });
  return result;
}

double tbb_submit() {
  const tbb::global_control two(tbb::global_control::max_allowed_parallelism, 2);
  tbb::task_arena arena(2, 1);
  arena.initialize();
  std::atomic<bool> done{false};
  return microseconds_per_call(submit_calls, [&] {
    done.store(false, std::memory_order_relaxed);
    arena.enqueue([&] { done.store(true, std::memory_order_release); });
    while (!done.load(std::memory_order_acquire)) __builtin_ia32_pause();
  });
}

}  // namespace bench::parallel
