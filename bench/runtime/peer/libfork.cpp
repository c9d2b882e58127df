#include "fork_join.hpp"

#include <libfork.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace bench::fork_join {

namespace {

constexpr auto fib = [](auto fib, long n) -> lf::task<long> {
  if (n < 2) co_return n;
  long a, b;
  co_await lf::fork(&a, fib)(n - 1);
  co_await lf::call(&b, fib)(n - 2);
  co_await lf::join;
  co_return a + b;
};

constexpr auto node = [](auto node, std::uint64_t seed, int children) -> lf::task<long> {
  if (children == 0) co_return 1;
  std::array<long, most_children> below;
  const int last = children - 1;
  for (int i = 0; i < last; ++i) {
    const std::uint64_t child = child_seed(seed, i);
    co_await lf::fork(&below[i], node)(child, children_of(child));
  }
  const std::uint64_t child = child_seed(seed, last);
  co_await lf::call(&below[last], node)(child, children_of(child));
  co_await lf::join;
  long nodes = 1;
  for (int i = 0; i < children; ++i) nodes += below[i];
  co_return nodes;
};

constexpr auto tree = [](auto, int children) -> lf::task<long> {
  std::vector<long> below(children);
  for (int i = 0; i < children; ++i) {
    const std::uint64_t child = child_seed(root_seed, i);
    co_await lf::fork(&below[i], node)(child, children_of(child));
  }
  co_await lf::join;
  long nodes = 1;
  for (const long each : below) nodes += each;
  co_return nodes;
};

template <class Pool>
double fib_on(unsigned threads) {
  Pool pool(threads);
  return per_node([&] {
    expect(lf::sync_wait(pool, fib, fib_of) == fib_result);
    return fib_nodes;
  });
}

template <class Pool>
double tree_on(unsigned threads) {
  Pool pool(threads);
  return per_node([&] { return lf::sync_wait(pool, tree, root_children); });
}

}  // namespace

double libfork_fib(unsigned threads) { return std::min(fib_on<lf::lazy_pool>(threads), fib_on<lf::busy_pool>(threads)); }
double libfork_tree(unsigned threads) { return std::min(tree_on<lf::lazy_pool>(threads), tree_on<lf::busy_pool>(threads)); }

}  // namespace bench::fork_join
