// What does it cost to hand a job to a worker and wait for it, from outside: while the worker is awake, and when all sleep?
//
// abi_bench --only runtime.submit
#include "parallel.hpp"
#include "report.hpp"

#include <abi/task/scheduler.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace bench {

namespace {

using namespace libabi::task;
using namespace parallel;

double our_submit(unsigned threads) {
  const auto scheduler = Scheduler::create({.threads = threads}).value();
  return microseconds_per_call(submit_calls, [&] { scheduler->run([] {}).value(); });
}

struct Asleep {
  double microseconds;
  double wakes;
};

// Whether every other thread of the process sleeps in the kernel; those of contestants before it do.
bool others_sleep() {
  namespace fs = std::filesystem;
  const std::string self = fs::read_symlink("/proc/thread-self").filename();
  for (const auto& thread : fs::directory_iterator("/proc/self/task")) {
    if (thread.path().filename() == self) continue;
    std::string stat;
    if (!std::getline(std::ifstream(thread.path() / "stat"), stat)) continue;  // it has ended
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos || stat.compare(name_end, 3, ") S") != 0) return false;
  }
  return true;
}

// All workers sleep before each job: they have said that they are about to, and the kernel says that they do.
Asleep submit_to_sleepers() {
  constexpr int calls = 200;
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  std::vector<double> times;
  const auto await_sleep = [&] {
    for (SchedulerCounters now = scheduler->counters(); now.parks - now.wakes != 2 || !others_sleep();
         now = scheduler->counters())
      std::this_thread::yield();
  };
  await_sleep();
  const std::uint64_t before = scheduler->counters().wakes;
  for (int i = 0; i < calls; ++i) {
    await_sleep();
    times.push_back(seconds([&] { scheduler->run([] {}).value(); }) * 1e6);
  }
  return {median(times), static_cast<double>(scheduler->counters().wakes - before) / calls};
}

#if BENCH_HAS_TBB_PARALLEL
constexpr double (*tbb)() = tbb_submit;
#else
constexpr double (*tbb)() = nullptr;
#endif
#if BENCH_HAS_CONCURRENCPP
constexpr double (*peer)() = concurrencpp_submit;
#else
constexpr double (*peer)() = nullptr;
#endif

void add(Report& report, const char* name, double value, const char* unit, const char* against, double reference, double bar,
         const char* note) {
  report.add({.name = name,
              .value = value,
              .unit = unit,
              .against = against,
              .reference = std::isnan(reference) ? std::nullopt : std::optional(reference),
              .bar = bar,
              .better = Better::lower,
              .note = note});
}

}  // namespace

void run_submit(Report& report) {
  if (report.wants("runtime.submit.awake")) {
    const auto figures =
        medians({[] { return our_submit(1); }, Contestant(peer), Contestant(tbb), [] { return our_submit(2); }}, 7);
    add(report, "runtime.submit.awake", figures[0], "us", "concurrencpp, one worker", figures[1], 1, "one worker, job and wait");
    add(report, "runtime.submit.awake.tbb", figures[0], "us", "oneTBB, task_arena::enqueue", figures[2], 0, "the same");
    add(report, "runtime.submit.awake.2t", figures[3], "us", "", NAN, 0, "two workers, of which one sleeps");
  }
  if (report.wants("runtime.submit.asleep")) {
    const Asleep asleep = submit_to_sleepers();
    add(report, "runtime.submit.asleep", asleep.wakes, "wakes", "one futex wake", 1, 1, "a job, system calls that wake");
    add(report, "runtime.submit.asleep.time", asleep.microseconds, "us", "", NAN, 0, "until the result is there");
  }
}

}  // namespace bench
