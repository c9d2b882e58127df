#include "graph.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
#include <limits>
#include <memory>

namespace bench::graph {

namespace {

/// A node that is ready runs next where it was made ready; the others become tasks.
class Counters {
 public:
  Counters(const Dag& dag, Work& work)
      : work_(work),
        first_(dag.nodes + 1),
        successors_(dag.edges.size()),
        degrees_(dag.nodes),
        waiting_(new std::atomic<std::uint32_t>[dag.nodes]) {
    for (const auto& [from, to] : dag.edges) {
      ++first_[from + 1];
      ++degrees_[to];
    }
    for (std::uint32_t node = 0; node < dag.nodes; ++node) {
      first_[node + 1] += first_[node];
      waiting_[node] = degrees_[node];
      if (degrees_[node] == 0) sources_.push_back(node);
    }
    std::vector<std::uint32_t> place = first_;
    for (const auto& [from, to] : dag.edges) successors_[place[from]++] = to;
  }

  void run() {
    for (const std::uint32_t source : sources_) group_.run([this, source] { run_from(source); });
    group_.wait();
  }

 private:
  void run_from(std::uint32_t node) {
    constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    while (node != none) {
      work_(node);
      waiting_[node].store(degrees_[node], std::memory_order_relaxed);
      std::uint32_t next = none;
      for (std::uint32_t at = first_[node]; at < first_[node + 1]; ++at) {
        const std::uint32_t successor = successors_[at];
        if (waiting_[successor].fetch_sub(1, std::memory_order_acq_rel) != 1) continue;
        if (next == none)
          next = successor;
        else
          group_.run([this, successor] { run_from(successor); });
      }
      node = next;
    }
  }

  Work& work_;
  std::vector<std::uint32_t> first_, successors_, degrees_, sources_;
  std::unique_ptr<std::atomic<std::uint32_t>[]> waiting_;
  tbb::task_group group_;
};

}  // namespace

double tbb_counters(const Dag& dag, unsigned turns) {
  const tbb::global_control two(tbb::global_control::max_allowed_parallelism, 2);
  tbb::task_arena arena(2);
  Work work{std::vector<std::uint64_t>(dag.nodes), turns};
  return arena.execute([&] {
    Counters counters(dag, work);
    return per_node(work, [&] { counters.run(); });
  });
}

}  // namespace bench::graph
