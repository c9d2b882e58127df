#pragma once
/// Loops and sums over a range of numbers, on a scheduler's workers and the calling thread.
///
///     ABI_TRY(parallel_for(scheduler, 0, n, [&](std::size_t begin, std::size_t end) {
///       for (std::size_t i = begin; i < end; ++i) y[i] += a * x[i];
///     }));
///     ABI_TRY(double sum, parallel_reduce(scheduler, 0, n, 0.0,
///                                         [&](std::size_t begin, std::size_t end, double sum) { ...; return sum; },
///                                         std::plus<>()));
///
/// The range is dealt out evenly, a connected part to each thread, so that the same loop over the same data finds it in the same
/// caches each time. A thread takes its part in bites, a quarter of what is left each time and never less than the grain; one
/// that has finished takes half of what another has left, if that is more than 2 us of work. The caller works along, and waits
/// only for threads that are inside the body: workers that are busy are not asked, and one that is asked and does not come in
/// time is not waited for. So nested loops, and loops inside jobs and gangs, are fine, and none waits for another.
///
/// Waking a worker that sleeps costs the caller some microseconds. Where a grain is given, or the range has less than 8 elements
/// a thread, that is done at the beginning; otherwise where the loop has run for 5 us and seems to need 30 more.
///
/// Errors: what the body throws, the first where there are several; parts that have not begun by then are left out. A loop that
/// is shorter than the grain, or finds nobody idle, costs a call; otherwise fork and join cost about 0.2 us with the workers
/// awake. No allocation by parallel_for; by parallel_reduce one, of at most 64 values.

#include <abi/base/boundary.hpp>
#include <abi/base/error.hpp>
#include <abi/task/scheduler.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace libabi::task {

struct ParallelOptions {
  /// The least that a call of the body gets, but for the last one, and worth waking a thread for; 0: whatever is best, so that
  /// there are at most 32 bites a thread.
  std::size_t grain = 0;
};

namespace detail {
using RangeFn = void (*)(void* context, std::size_t begin, std::size_t end);
ABI_API Result<void> run_range(Scheduler& scheduler, std::size_t begin, std::size_t end, const ParallelOptions& options,
                               RangeFn function, void* context);
}  // namespace detail

/// Calls `body(begin, end)` for disjoint ranges that cover [begin, end).
template <class Body>
Result<void> parallel_for(Scheduler& scheduler, std::size_t begin, std::size_t end, Body&& body,
                          const ParallelOptions& options = {}) {
  using Fn = std::remove_reference_t<Body>;
  return detail::run_range(
      scheduler, begin, end, options,
      [](void* context, std::size_t from, std::size_t to) { (*static_cast<Fn*>(context))(from, to); },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

/// The range is cut into at most 64 parts that depend on its length and the grain alone; `body(begin, end, identity)` gives the
/// value of each, and `combine(left, right)` joins them from left to right. So the result is the same, to the last bit, whatever
/// the number of threads and whoever did what. T is copied and moved.
template <class T, class Body, class Combine>
Result<T> parallel_reduce(Scheduler& scheduler, std::size_t begin, std::size_t end, T identity, Body&& body, Combine&& combine,
                          const ParallelOptions& options = {}) {
  return boundary([&]() -> Result<T> {
    if (begin >= end) return std::move(identity);
    constexpr std::size_t most_parts = 64;
    const std::size_t length = end - begin;
    const std::size_t grain = std::max<std::size_t>(options.grain, 1);
    const std::size_t parts = std::min(most_parts, length / grain + (length % grain != 0));
    const auto start_of = [=](std::size_t part) { return begin + part * (length / parts) + std::min(part, length % parts); };
    struct alignas(64) Value {
      T value;
    };
    std::vector<Value> values(parts, Value{identity});
    ABI_TRY(parallel_for(scheduler, 0, parts,
                         [&](std::size_t from, std::size_t to) {
                           for (std::size_t part = from; part < to; ++part)
                             values[part].value = body(start_of(part), start_of(part + 1), std::move(values[part].value));
                         },
                         {.grain = options.grain != 0 ? std::size_t{1} : 0}));
    T total = std::move(values[0].value);
    for (std::size_t part = 1; part < parts; ++part) total = combine(std::move(total), std::move(values[part].value));
    return total;
  });
}

}  // namespace libabi::task
