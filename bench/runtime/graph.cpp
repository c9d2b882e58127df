// What does a node of a graph cost on two threads, in a run of a graph that was built before?
//
// abi_bench --only runtime.graph. The bars are shares of the peer's time and stand where the nodes do next to nothing, so that
// the graph's own cost is all there is; the rows with 200 ns of work a node show whether two threads share it.
#include "graph.hpp"
#include "report.hpp"

#include <abi/task/graph.hpp>
#include <abi/task/scheduler.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace bench {

namespace {

using namespace libabi::task;

constexpr double kTbbBar = 1.0;
constexpr double kTaskflowBar = 0.5;
constexpr int kRounds = 7;

double ours(const graph::Dag& dag, unsigned turns) {
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  graph::Work work{std::vector<std::uint64_t>(dag.nodes), turns};
  GraphBuilder builder;
  std::vector<GraphNode> nodes;
  for (std::uint32_t node = 0; node < dag.nodes; ++node) nodes.push_back(builder.add([&work, node] { work(node); }));
  for (const auto& [first, second] : dag.edges) builder.precede(nodes[first], nodes[second]);
  Graph built = builder.build().value();
  return graph::per_node(work, [&] { built.run(*scheduler).value(); });
}

using Measure = double (*)(const graph::Dag& dag, unsigned turns);
#if BENCH_HAS_TBB_TASKS
constexpr Measure tbb = graph::tbb_counters;
#else
constexpr Measure tbb = nullptr;
#endif
#if BENCH_HAS_TASKFLOW
constexpr Measure taskflow = graph::taskflow;
#else
constexpr Measure taskflow = nullptr;
#endif

// The shortest of some measurements: others may slow the host meanwhile.
unsigned turns_of(double nanoseconds) {
  constexpr std::uint32_t calls = 100;
  constexpr unsigned turns = 10'000;
  graph::Work work{std::vector<std::uint64_t>(calls), turns};
  double taken = HUGE_VAL;
  for (int i = 0; i < 20; ++i)
    taken = std::min(taken, seconds([&] {
                       for (std::uint32_t node = 0; node < calls; ++node) work(node);
                     }));
  return static_cast<unsigned>(nanoseconds * turns * calls / (taken * 1e9));
}

void compare(Report& report, const std::string& name, const graph::Dag& dag, double nanoseconds) {
  const std::string vs_taskflow = name + "_vs_taskflow";
  if (!report.wants(name) && !report.wants(vs_taskflow)) return;
  const unsigned turns = nanoseconds == 0 ? 0 : turns_of(nanoseconds);
  const auto contestant = [&](Measure measure) {
    return measure ? Contestant([&dag, turns, measure] { return measure(dag, turns); }) : Contestant();
  };
  const std::vector<double> figures = medians({contestant(ours), contestant(tbb), contestant(taskflow)}, kRounds);
  const auto add = [&](const std::string& row, const char* against, double reference, double bar) {
    report.add({.name = row,
                .value = figures[0],
                .unit = "ns/node",
                .against = against,
                .reference = std::isnan(reference) ? std::nullopt : std::optional(reference),
                .bar = nanoseconds == 0 ? bar : 0,
                .better = Better::lower,
                .note = nanoseconds == 0 ? "" : "with 200 ns of work"});
  };
  add(name, "oneTBB, counters and task_group", figures[1], kTbbBar);
  add(vs_taskflow, "Taskflow", figures[2], kTaskflowBar);
}

}  // namespace

void run_graph(Report& report) {
  const graph::Dag wavefront = graph::wavefront(316), random = graph::random(100'000);
  compare(report, "runtime.graph.wavefront.2t", wavefront, 0);
  compare(report, "runtime.graph.random.2t", random, 0);
  compare(report, "runtime.graph.wavefront.200ns.2t", wavefront, 200);
  compare(report, "runtime.graph.random.200ns.2t", random, 200);
}

}  // namespace bench
