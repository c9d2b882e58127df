// What does a node of a fork-join cost, where it does next to nothing itself: Fibonacci numbers, and a tree that is not balanced?
//
// abi_bench --only runtime.fork_join. The bars are shares of the peer's time. All contestants are written as their libraries'
// users would: a function for a node, which forks all children but the last and calls that one.
#include "fork_join.hpp"
#include "report.hpp"

#include <abi/task/fork_join.hpp>
#include <abi/task/scheduler.hpp>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace bench {

namespace {

using namespace libabi::task;
using namespace fork_join;

constexpr double kLibforkBar = 0.95;
constexpr double kTbbBar = 0.4;
constexpr int kRounds = 5;

Fork<long> fib(long n) {
  if (n < 2) co_return n;
  long a;
  co_await fork(a, fib(n - 1));
  const long b = co_await fib(n - 2);
  co_await join();
  co_return a + b;
}

Fork<long> node(std::uint64_t seed, int children) {
  if (children == 0) co_return 1;
  std::array<long, most_children> below;
  const int last = children - 1;
  for (int i = 0; i < last; ++i) {
    const std::uint64_t child = child_seed(seed, i);
    co_await fork(below[i], node(child, children_of(child)));
  }
  const std::uint64_t child = child_seed(seed, last);
  below[last] = co_await node(child, children_of(child));
  co_await join();
  long nodes = 1;
  for (int i = 0; i < children; ++i) nodes += below[i];
  co_return nodes;
}

Fork<long> tree(int children) {
  std::vector<long> below(children);
  for (int i = 0; i < children; ++i) {
    const std::uint64_t child = child_seed(root_seed, i);
    co_await fork(below[i], node(child, children_of(child)));
  }
  co_await join();
  long nodes = 1;
  for (const long each : below) nodes += each;
  co_return nodes;
}

double our_fib(unsigned threads) {
  const auto scheduler = Scheduler::create({.threads = threads}).value();
  return per_node([&] {
    expect(libabi::task::fork_join(*scheduler, fib, fib_of).value() == fib_result);
    return fib_nodes;
  });
}

double our_tree(unsigned threads) {
  const auto scheduler = Scheduler::create({.threads = threads}).value();
  return per_node([&] { return libabi::task::fork_join(*scheduler, tree, root_children).value(); });
}

using Measure = double (*)(unsigned threads);
#if BENCH_HAS_LIBFORK
constexpr Measure libfork[] = {libfork_fib, libfork_tree};
#else
constexpr Measure libfork[] = {nullptr, nullptr};
#endif
#if BENCH_HAS_TBB_TASKS
constexpr Measure tbb[] = {tbb_fib, tbb_tree};
#else
constexpr Measure tbb[] = {nullptr, nullptr};
#endif

void compare(Report& report, const std::string& what, Measure ours, std::size_t column) {
  for (const unsigned threads : {1u, 2u}) {
    const std::string name = "runtime.fork_join." + what + "." + std::to_string(threads) + "t";
    const std::string vs_tbb = name + "_vs_tbb";
    if (!report.wants(name) && !report.wants(vs_tbb)) continue;
    const auto contestant = [threads](Measure measure) {
      return measure ? Contestant([=] { return measure(threads); }) : Contestant();
    };
    const std::vector<double> figures =
        medians({contestant(ours), contestant(libfork[column]), contestant(tbb[column])}, kRounds);
    const auto add = [&](const std::string& row, const char* against, double reference, double bar) {
      report.add({.name = row,
                  .value = figures[0],
                  .unit = "ns/node",
                  .against = against,
                  .reference = std::isnan(reference) ? std::nullopt : std::optional(reference),
                  .bar = bar,
                  .better = Better::lower,
                  .note = {}});
    };
    add(name, "libfork", figures[1], kLibforkBar);
    add(vs_tbb, "oneTBB, task_group", figures[2], kTbbBar);
  }
}

}  // namespace

void run_fork_join(Report& report) {
  compare(report, "fib", our_fib, 0);
  compare(report, "tree", our_tree, 1);
}

}  // namespace bench
