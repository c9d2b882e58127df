#pragma once
/// What the contestants of region.cpp and submit.cpp have in common: the loop, and how a call is timed.

#include "measure.hpp"

#include <cstddef>
#include <vector>

namespace bench::parallel {

/// Two vectors of 128 KiB each.
struct Saxpy {
  static constexpr std::size_t floats = 32 << 10;
  std::vector<float> x = std::vector<float>(floats, 1), y = std::vector<float>(floats, 2);
  /// y += 2 x between the two indices: the same code for every contestant, in region.cpp.
  void operator()(std::size_t begin, std::size_t end);
};

/// Microseconds a call, after as many calls without looking at the clock.
template <class Call>
double microseconds_per_call(int calls, Call&& call) {
  const auto all = [&] {
    for (int i = 0; i < calls; ++i) call();
  };
  all();
  return seconds(all) * 1e6 / calls;
}

constexpr int region_calls = 20'000;
constexpr int submit_calls = 50'000;

double tbb_region();           ///< static_partitioner, two threads
double tbb_submit();           ///< task_arena::enqueue, one worker
double concurrencpp_submit();  ///< thread_pool_executor with one worker, the faster of result::get() and a flag

}  // namespace bench::parallel
