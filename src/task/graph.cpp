#include "graph_core.hpp"

#include <abi/memory/fault.hpp>

#include <algorithm>
#include <limits>
#include <span>

namespace libabi::task {

namespace {

void allocation_point() {
  if (memory::allocation_must_fail()) throw std::bad_alloc();
}

/// The edges, by where they begin.
struct Successors {
  std::vector<std::uint32_t> first;  // one more than nodes
  std::vector<std::uint32_t> nodes;
  std::span<const std::uint32_t> of(std::uint32_t node) const noexcept {
    return std::span(nodes).subspan(first[node], first[node + 1] - first[node]);
  }
};

template <class Edges>
Successors by_source(const Edges& edges, std::size_t count) {
  Successors result{std::vector<std::uint32_t>(count + 1), std::vector<std::uint32_t>(edges.size())};
  for (const auto& edge : edges) ++result.first[edge.from + 1];
  for (std::size_t node = 0; node < count; ++node) result.first[node + 1] += result.first[node];
  std::vector<std::uint32_t> place(result.first.begin(), result.first.end() - 1);
  for (const auto& edge : edges) result.nodes[place[edge.from]++] = edge.to;
  return result;
}

/// The order in which one thread would run the nodes by the rule of GraphCore::work(), as far as they can run; what the others
/// wait for is left in `waiting`.
std::vector<std::uint32_t> order_of_one(const Successors& successors, const std::vector<std::uint8_t>& levels,
                                        std::vector<std::uint32_t>& waiting) {
  std::array<std::vector<std::uint32_t>, detail::graph_levels> ready;
  const auto push = [&](std::uint32_t node) { ready[levels.empty() ? 0 : levels[node]].push_back(node); };
  const auto count = static_cast<std::uint32_t>(waiting.size());
  for (std::uint32_t node = count; node-- != 0;)
    if (waiting[node] == 0) push(node);
  std::vector<std::uint32_t> order;
  order.reserve(count);
  for (;;) {
    const auto urgent = std::ranges::find_if(ready, [](const auto& list) { return !list.empty(); });
    if (urgent == ready.end()) return order;
    std::uint32_t node = urgent->back();
    urgent->pop_back();
    for (bool more = true; more;) {
      more = false;
      order.push_back(node);
      for (const std::uint32_t next : successors.of(node)) {
        if (--waiting[next] != 0) continue;
        if (more || !levels.empty()) {
          push(next);
        } else {
          node = next;
          more = true;
        }
      }
    }
  }
}

/// The nodes of some cycle among those that could not run.
std::vector<std::uint32_t> cycle_in(const Successors& successors, const std::vector<std::uint32_t>& waiting) {
  constexpr std::uint32_t unknown = std::numeric_limits<std::uint32_t>::max();
  const auto count = static_cast<std::uint32_t>(waiting.size());
  // Each of them waits for another one of them, so that going back from any leads into a cycle.
  std::vector<std::uint32_t> before(count, unknown);
  std::uint32_t node = 0;
  for (std::uint32_t from = 0; from < count; ++from) {
    if (waiting[from] == 0) continue;
    node = from;
    for (const std::uint32_t to : successors.of(from)) before[to] = from;
  }
  std::vector<bool> seen(count);
  for (; !seen[node]; node = before[node]) seen[node] = true;
  std::vector<std::uint32_t> cycle;
  for (std::uint32_t at = before[node]; at != node; at = before[at]) cycle.push_back(at);
  cycle.push_back(node);
  std::ranges::reverse(cycle);
  return cycle;
}

}  // namespace

namespace detail {

void GraphCore::close() noexcept {
  for (const OwnedFunction& each : owned)
    if (each.function) each.destroy(each.function);
  owned.clear();
  release();
}

void GraphCore::release() noexcept {
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace detail

GraphBuilder::GraphBuilder() noexcept = default;

GraphBuilder::~GraphBuilder() { clear(); }

void GraphBuilder::clear() noexcept {
  for (const detail::OwnedFunction& each : owned_)
    if (each.function) each.destroy(each.function);
  owned_.clear();
  calls_.clear();
  priorities_.clear();
  edges_.clear();
  names_.clear();
  failed_ = false;
}

GraphNode GraphBuilder::fail() noexcept {
  failed_ = true;
  return GraphNode(0);
}

GraphNode GraphBuilder::add_node(const detail::NodeCall& call, const NodeOptions& options) {
  if (calls_.size() == calls_.capacity()) allocation_point();
  const auto index = static_cast<std::uint32_t>(calls_.size());
  if (index == std::numeric_limits<std::uint32_t>::max() - 1) throw std::bad_alloc();
  if (!options.name.empty()) names_.push_back({index, std::string(options.name)});
  if (options.priority != Priority::normal || !priorities_.empty()) {
    priorities_.resize(index, Priority::normal);
    priorities_.push_back(options.priority);
  }
  calls_.push_back(call);
  return GraphNode(index);
}

void GraphBuilder::precede(GraphNode first, GraphNode second) noexcept {
  try {
    edges_.push_back({first.index(), second.index()});
  } catch (...) {
    failed_ = true;
  }
}

Result<Graph> GraphBuilder::build() noexcept {
  auto graph = boundary([&] { return build_or_throw(); });
  clear();
  return graph;
}

std::string GraphBuilder::name_of(std::uint32_t node) const {
  const auto found = std::ranges::lower_bound(names_, node, {}, &Name::node);
  return found != names_.end() && found->node == node ? found->text : format("#{}", node);
}

Result<void> GraphBuilder::check() const {
  const auto count = static_cast<std::uint32_t>(calls_.size());
  if (failed_) return error(ErrorCode::exhausted, "there was no memory for a graph of {} nodes and more", count);
  for (const Edge& edge : edges_)
    if (edge.from >= count || edge.to >= count)
      return error(ErrorCode::invalid_argument, "an edge leads from node {} to node {}, the graph has {}", edge.from, edge.to,
                   count);
  return {};
}

std::unexpected<Error> GraphBuilder::cycle_error(const std::vector<std::uint32_t>& cycle) const {
  constexpr std::size_t most = 16;
  std::string list;
  for (std::size_t i = 0; i < cycle.size() && i < most; ++i) list += name_of(cycle[i]) + " -> ";
  list += cycle.size() > most ? format("{} others -> ", cycle.size() - most) + name_of(cycle.front()) : name_of(cycle.front());
  return error(ErrorCode::invalid_argument, "nodes wait for each other: {}", list);
}

Result<Graph> GraphBuilder::build_or_throw() {
  ABI_TRY(check());
  const auto count = static_cast<std::uint32_t>(calls_.size());
  const Successors successors = by_source(edges_, count);
  std::vector<std::uint32_t> degrees(count);
  for (const Edge& edge : edges_) ++degrees[edge.to];
  std::vector<std::uint8_t> levels;
  for (const Priority priority : priorities_) levels.push_back(static_cast<std::uint8_t>(priority));
  std::vector<std::uint32_t> waiting = degrees;
  const std::vector<std::uint32_t> order = order_of_one(successors, levels, waiting);
  if (order.size() != count) return cycle_error(cycle_in(successors, waiting));

  allocation_point();
  std::unique_ptr<detail::GraphCore> core(new detail::GraphCore);
  std::vector<std::uint32_t>& place = waiting;  // of the nodes in the order; what was waited for is zero
  for (std::uint32_t at = 0; at < count; ++at) place[order[at]] = at;
  core->tasks.resize(count + 1);
  core->successors.reserve(edges_.size());
  core->waiting.reset(new std::atomic<std::uint32_t>[count]);
  for (std::uint32_t at = 0; at < count; ++at) {
    const std::uint32_t node = order[at];
    detail::GraphTask& task = core->tasks[at];
    task.call = calls_[node].call;
    std::ranges::copy(calls_[node].function, task.function);
    task.first_successor = static_cast<std::uint32_t>(core->successors.size());
    task.degree = degrees[node];
    core->waiting[at].store(task.degree, std::memory_order_relaxed);
    if (task.degree == 0) core->sources.push_back(at);
    for (const std::uint32_t next : successors.of(node)) core->successors.push_back(place[next]);
  }
  core->tasks[count].first_successor = static_cast<std::uint32_t>(core->successors.size());
  if (!levels.empty()) {
    core->levels.resize(count);
    for (std::uint32_t at = 0; at < count; ++at) core->levels[at] = levels[order[at]];
  }
  core->names.reserve(names_.size());
  for (Name& name : names_) core->names.emplace_back(place[name.node], std::move(name.text));
  std::ranges::sort(core->names);
  core->owned = std::exchange(owned_, {});
  return Graph(core.release());
}

}  // namespace libabi::task
