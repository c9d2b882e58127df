#include "graph.hpp"

#include <taskflow/taskflow.hpp>

namespace bench::graph {

double taskflow(const Dag& dag, unsigned turns) {
  Work work{std::vector<std::uint64_t>(dag.nodes), turns};
  tf::Executor executor(2);
  tf::Taskflow flow;
  std::vector<tf::Task> tasks;
  for (std::uint32_t node = 0; node < dag.nodes; ++node) tasks.push_back(flow.emplace([&work, node] { work(node); }));
  for (const auto& [from, to] : dag.edges) tasks[from].precede(tasks[to]);
  return per_node(work, [&] { executor.run(flow).wait(); });
}

}  // namespace bench::graph
