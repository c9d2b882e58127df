// What does a coroutine cost: to be awaited, for an item, and to take a turn on a pool?
//
// abi_bench --only runtime.coroutine. Every loop is written as its library's users would (coroutines.hpp). The bars are those
// of an absolute figure beside cppcoro's: 7 of 15.4 ns for a task, 3.5 of 3.8 ns (clang) or 4.55 of 5.7 ns (g++) for an item,
// 6.6 of 6 ns for a hop; g++ has 1.3 times the time for a task and for a hop.
//
// A hop (6.6 ns with clang, 0.57 of cppcoro's in the same run; a bare push and pop of the deque is 1 ns of it) was 18 ns while
// the worker, every 192nd time, stole the oldest job from itself by way of a heavy fence; now it looks through its few jobs
// itself.
//
// With clang a task (5.8 ns) and an item (2.6 ns) are within the absolute figures and miss the ratios, since cppcoro is faster
// than it was when those were taken: 10.3 ns where the frame of a task, from malloc, was 15.4, and 2.05 ns for an item, where
// its generator does nothing but point to it between two jumps. What ours does more is what its users ask for: a result or an
// item is handed over by value as a Result, the context goes down with every await, its stop token is looked at, and the one
// that waits is brought back to its executor. A bare frame from the same free list, resumed once, is 2.7 to 3.5 ns. Two attempts
// took an item from 4.9 to 2.5 ns and a task from 6.6 to 5.7: one pointer for all of the context, and errors out of line.
#include "coroutines.hpp"
#include "report.hpp"

#include <abi/task/async_generator.hpp>
#include <abi/task/generator.hpp>
#include <abi/task/schedule_on.hpp>
#include <abi/task/scheduler.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/when_all.hpp>

#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace bench {

namespace {

using namespace libabi;
using namespace libabi::task;
using coroutines::expect;
using coroutines::per_item;

#if defined(__clang__)
constexpr double bar_task = 7 / 15.4;
constexpr double bar_item = 3.5 / 3.8;
constexpr double bar_hop = 6.6 / 6;
#else
constexpr double bar_task = 1.3 * 7 / 15.4;
constexpr double bar_item = 1.3 * 3.5 / 5.7;
constexpr double bar_hop = 1.3 * 6.6 / 6;
#endif

[[gnu::noinline]] Task<int> give(int value) { co_return value; }

Task<long> sum_tasks(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) {
    ABI_CO_TRY(const int one, co_await give(1));
    sum += one;
  }
  co_return sum;
}

[[gnu::noinline]] AsyncGenerator<long> count_to(int count) {
  for (int i = 0; i < count; ++i) co_yield 1;
  co_return {};
}

Task<long> sum_items(int count) {
  auto items = count_to(count);
  long sum = 0;
  for (;;) {
    const auto item = co_await items.next();
    if (!item || !*item) co_return sum;
    sum += **item;
  }
}

[[gnu::noinline]] Generator<long> count_in_turn(int count) {
  for (int i = 0; i < count; ++i) co_yield 1;
  co_return {};
}

Task<double> hop(Scheduler& scheduler, int count) {
  for (int i = 0; i < count / 10; ++i) ABI_CO_TRY(co_await schedule_on(scheduler));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) ABI_CO_TRY(co_await schedule_on(scheduler));
  co_return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Task<void> join_pairs(int count) {
  for (int i = 0; i < count; ++i) ABI_CO_TRY(co_await when_all(give(1), give(2)));
  co_return {};
}

double our_task(int count) {
  return per_item(count, seconds([&] { expect(sync_wait(sum_tasks(count)).value() == count); }));
}
double our_item(int count) {
  return per_item(count, seconds([&] { expect(sync_wait(sum_items(count)).value() == count); }));
}
double our_item_in_turn(int count) {
  long sum = 0;
  const double taken = seconds([&] {
    for (auto& item : count_in_turn(count)) sum += *item;
  });
  expect(sum == count);
  return per_item(count, taken);
}
double our_hop(int count) {
  const auto scheduler = Scheduler::create({.threads = 1}).value();
  return per_item(count, sync_wait(*scheduler, hop(*scheduler, count)).value());
}
double our_pair(int count) {
  return per_item(count, seconds([&] { expect(sync_wait(join_pairs(count)).has_value()); }));
}

using Measure = double (*)(int count);
struct Peer {
  std::string row;  // what its row's name ends with; the first has the row's own
  std::string name;
  Measure measure;
};

#if BENCH_HAS_CPPCORO
const std::vector<Measure> cppcoro{coroutines::cppcoro_task, coroutines::cppcoro_item, coroutines::cppcoro_hop};
#else
const std::vector<Measure> cppcoro(3);
#endif
#if BENCH_HAS_LIBCORO
const std::vector<Measure> libcoro{coroutines::libcoro_task, nullptr, coroutines::libcoro_hop};
#else
const std::vector<Measure> libcoro(3);
#endif
#if BENCH_HAS_CONCURRENCPP
const std::vector<Measure> concurrencpp{coroutines::concurrencpp_task, nullptr, coroutines::concurrencpp_hop};
#else
const std::vector<Measure> concurrencpp(3);
#endif
#if BENCH_HAS_ASIO
const std::vector<Measure> asio{coroutines::asio_task, coroutines::asio_item, coroutines::asio_hop};
#else
const std::vector<Measure> asio(3);
#endif

// One row for each peer; the bar is beside the first, the others are there to see.
void compare(Report& report, const std::string& name, Measure ours, std::size_t column, double bar) {
  if (!report.wants(name)) return;
  constexpr int count = 300'000;
  const Peer peers[] = {{"", "cppcoro", cppcoro[column]},
                        {".libcoro", "libcoro", libcoro[column]},
                        {".concurrencpp", "concurrencpp", concurrencpp[column]},
                        {".asio", "Boost.Asio", asio[column]}};
  std::vector<Contestant> contestants{[&] { return ours(count); }};
  for (const Peer& peer : peers)
    contestants.push_back(peer.measure ? Contestant([&peer] { return peer.measure(count); }) : nullptr);
  const std::vector<double> figures = medians(contestants);
  for (std::size_t i = 0; i < std::size(peers); ++i) {
    if (i > 0 && std::isnan(figures[i + 1])) continue;
    report.add({.name = name + peers[i].row,
                .value = figures[0],
                .unit = "ns",
                .against = peers[i].name,
                .reference = std::isnan(figures[i + 1]) ? std::nullopt : std::optional(figures[i + 1]),
                .bar = i == 0 ? bar : 0,
                .better = Better::lower,
                .note = {}});
  }
}

void alone(Report& report, const std::string& name, Measure ours, std::string note) {
  if (!report.wants(name)) return;
  const double figure = medians({[&] { return ours(300'000); }})[0];
  report.add({.name = name,
              .value = figure,
              .unit = "ns",
              .against = {},
              .reference = {},
              .better = Better::lower,
              .note = std::move(note)});
}

}  // namespace

void run_coroutines(Report& report) {
  compare(report, "runtime.coroutine.task", our_task, 0, bar_task);
  compare(report, "runtime.coroutine.async_item", our_item, 1, bar_item);
  compare(report, "runtime.coroutine.hop", our_hop, 2, bar_hop);
  alone(report, "runtime.coroutine.item", our_item_in_turn, "Generator, an item");
  alone(report, "runtime.coroutine.when_all", our_pair, "two tasks that do not wait");
}

}  // namespace bench
