#include "fork_join.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <array>
#include <vector>

namespace bench::fork_join {

namespace {

long fib(long n) {
  if (n < 2) return n;
  long a, b;
  tbb::task_group group;
  group.run([&a, n] { a = fib(n - 1); });
  b = fib(n - 2);
  group.wait();
  return a + b;
}

long node(std::uint64_t seed, int children) {
  if (children == 0) return 1;
  std::array<long, most_children> below;
  const int last = children - 1;
  tbb::task_group group;
  for (int i = 0; i < last; ++i)
    group.run([&below, seed, i] {
      const std::uint64_t child = child_seed(seed, i);
      below[i] = node(child, children_of(child));
    });
  const std::uint64_t child = child_seed(seed, last);
  below[last] = node(child, children_of(child));
  group.wait();
  long nodes = 1;
  for (int i = 0; i < children; ++i) nodes += below[i];
  return nodes;
}

long tree(int children) {
  std::vector<long> below(children);
  tbb::task_group group;
  for (int i = 0; i < children; ++i)
    group.run([&below, i] {
      const std::uint64_t child = child_seed(root_seed, i);
      below[i] = node(child, children_of(child));
    });
  group.wait();
  long nodes = 1;
  for (const long each : below) nodes += each;
  return nodes;
}

template <class Run>
double on(unsigned threads, Run run) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  return arena.execute([&] { return per_node(run); });
}

}  // namespace

double tbb_fib(unsigned threads) {
  return on(threads, [] {
    expect(fib(fib_of) == fib_result);
    return fib_nodes;
  });
}

double tbb_tree(unsigned threads) {
  return on(threads, [] { return tree(root_children); });
}

}  // namespace bench::fork_join
