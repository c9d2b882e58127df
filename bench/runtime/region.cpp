// Is a loop over 256 KiB on two threads as fast as oneTBB's, and a gang as fast as two cache lines travel?
//
// abi_bench --only runtime.region
#include "parallel.hpp"
#include "report.hpp"

#include <abi/task/parallel.hpp>
#include <abi/task/scheduler.hpp>

#include <atomic>
#include <cmath>
#include <thread>

namespace bench {

namespace {

using namespace libabi::task;
using namespace parallel;

std::unique_ptr<Scheduler> two_threads() { return Scheduler::create({.threads = 2}).value(); }

double our_region() {
  Saxpy saxpy;
  const auto scheduler = two_threads();
  return microseconds_per_call(region_calls, [&] { parallel_for(*scheduler, 0, Saxpy::floats, saxpy).value(); });
}

double one_thread() {
  Saxpy saxpy;
  return microseconds_per_call(region_calls, [&] { saxpy(0, Saxpy::floats); });
}

double our_gang() {
  const auto scheduler = two_threads();
  return microseconds_per_call(region_calls, [&] { scheduler->gang([](GangMember&) {}).value(); });
}

double our_barrier() {
  constexpr int barriers = 1000;
  const auto scheduler = two_threads();
  return microseconds_per_call(region_calls / barriers,
                               [&] {
                                 scheduler
                                     ->gang([](GangMember& member) {
                                       for (int i = 0; i < barriers; ++i) member.barrier();
                                     })
                                     .value();
                               }) /
         barriers;
}

// A line there and back between two threads that do nothing else.
double round_trip() {
  alignas(64) static std::atomic<int> ball{0};
  ball = 0;
  constexpr int rounds = 200'000;
  std::jthread other([] {
    for (int i = 0; i < rounds; ++i) {
      while (ball.load(std::memory_order_acquire) != 2 * i + 1) {
      }
      ball.store(2 * i + 2, std::memory_order_release);
    }
  });
  return seconds([] {
           for (int i = 0; i < rounds; ++i) {
             ball.store(2 * i + 1, std::memory_order_release);
             while (ball.load(std::memory_order_acquire) != 2 * i + 2) {
             }
           }
         }) *
         1e6 / rounds;
}

#if BENCH_HAS_TBB_PARALLEL
constexpr double (*tbb)() = tbb_region;
#else
constexpr double (*tbb)() = nullptr;
#endif

void add(Report& report, const char* name, double value, const char* against, double reference, double bar, const char* note) {
  report.add({.name = name,
              .value = value,
              .unit = "us",
              .against = against,
              .reference = std::isnan(reference) ? std::nullopt : std::optional(reference),
              .bar = bar,
              .better = Better::lower,
              .note = note});
}

}  // namespace

void parallel::Saxpy::operator()(std::size_t begin, std::size_t end) {
  const float* __restrict const from = x.data();
  float* __restrict const to = y.data();
  for (std::size_t i = begin; i < end; ++i) to[i] += 2 * from[i];
  keep(*to);
}

void run_region(Report& report) {
  if (report.wants("runtime.region.saxpy_256k.2t")) {
    const auto figures = medians({our_region, Contestant(tbb), one_thread}, 9);
    add(report, "runtime.region.saxpy_256k.2t", figures[0], "oneTBB, static partitioner", figures[1], 1,
        "parallel_for, automatic grain");
    add(report, "runtime.region.saxpy_256k.1t", figures[2], "", NAN, 0, "the same without any scheduler");
  }
  if (report.wants("runtime.region.gang.2t")) {
    const auto figures = medians({our_gang, our_barrier, round_trip}, 9);
    // 2 us are asked for, 18 round trips of the anchor's machine.
    add(report, "runtime.region.gang.2t", figures[0], "a cache line there and back", figures[2], 18,
        "fork and join of all members");
    add(report, "runtime.region.barrier.2t", figures[1], "a cache line there and back", figures[2], 0, "inside a gang");
  }
}

}  // namespace bench
