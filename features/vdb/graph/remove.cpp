// Taking rows out of a graph. Each node that had a neighbour among the dead chooses anew, among the neighbours it keeps and those
// of the dead ones (FreshDiskANN: Singh et al., 2021, algorithm 4); then the tree of parents is planted anew, and what it does
// not reach is attached to it.
#include "graph/graph.hpp"
#include "graph/walk.hpp"

#include <abi/base/check.hpp>
#include <abi/task/parallel.hpp>

#include <algorithm>

namespace libabi::vdb {

namespace {

constexpr auto nobody = [](std::uint32_t) { return false; };

}  // namespace

/// Nodes in the order in which a search in breadth meets them.
struct Graph::Tree {
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> place;  ///< of each row in `order`, or no_node
};

Result<void> Graph::detach(const Codes& codes, std::span<const std::uint64_t> dead) {
  ABI_TRY(prepare_to_build(codes, 0));
  Tree tree;
  tree.order.reserve(capacity());
  tree.place.assign(capacity(), no_node);
  // From here on nothing allocates.
  for (std::size_t level = 0; level < layers(); ++level) repair(codes, level, dead);
  choose_entry(dead);
  plant(codes, tree, dead);
  return {};
}

void Graph::repair(const Codes& codes, std::size_t level, std::span<const std::uint64_t> dead) {
  const std::size_t nodes = level == 0 ? base_.capacity() : upper_[level - 1]->used;
  const auto work = [&](std::size_t begin, std::size_t end) {
    const auto scratch = scratches_.borrow();
    for (std::size_t node = begin; node < end; ++node) repair_one(codes, level, static_cast<std::uint32_t>(node), dead, *scratch);
  };
  const auto done = task::parallel_for(scheduler_, 0, nodes, work, {.grain = 64});
  ABI_CHECK(done.has_value());
}

void Graph::repair_one(const Codes& codes, std::size_t level, std::uint32_t node, std::span<const std::uint64_t> dead,
                       Scratch& scratch) noexcept {
  const std::uint32_t* const rows = rows_of(level);
  const auto row_of = [&](std::uint32_t other) { return rows ? rows[other] : other; };
  if (in(dead, row_of(node))) return;
  std::array<std::uint32_t, most_degree> neighbours;
  const std::uint32_t count = layer(level).read(node, neighbours.data());
  const auto is_dead = [&](std::uint32_t other) { return in(dead, row_of(other)); };
  if (std::none_of(neighbours.begin(), neighbours.begin() + count, is_dead)) return;

  auto& candidates = scratch.candidates;
  candidates.clear();
  const auto offer = [&](std::uint32_t other) {
    if (other != node && !is_dead(other) && candidates.size() < candidates.capacity()) candidates.push_back({0, other});
  };
  for (std::uint32_t i = 0; i < count; ++i) offer(neighbours[i]);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!is_dead(neighbours[i])) continue;
    std::array<std::uint32_t, most_degree> further;
    const std::uint32_t many = layer(level).read(neighbours[i], further.data());
    for (std::uint32_t j = 0; j < many; ++j) offer(further[j]);
  }
  std::sort(candidates.begin(), candidates.end());
  const auto same = [](const Candidate& a, const Candidate& b) { return a.node == b.node; };
  candidates.erase(std::unique(candidates.begin(), candidates.end(), same), candidates.end());

  codes.codec->prepare_row(codes.row(row_of(node)), scratch.query);
  for (std::size_t begin = 0; begin < candidates.size(); begin += most_rows_at_once) {
    const std::size_t some = std::min(candidates.size() - begin, most_rows_at_once);
    for (std::size_t i = 0; i < some; ++i) scratch.nodes[i] = row_of(candidates[begin + i].node);
    codes.distances(scratch.query, scratch.nodes.data(), some, std::numeric_limits<float>::infinity(), scratch.distances.data());
    for (std::size_t i = 0; i < some; ++i) candidates[begin + i].distance = scratch.distances[i];
  }
  const std::uint32_t chosen =
      choose(codes, rows, {.degree = degree_of(level), .slack = options_.slack}, nobody, scratch, neighbours.data());
  layer(level).write(node, std::span(neighbours).first(chosen));
}

/// The highest layer that has a living node, and the first of these.
void Graph::choose_entry(std::span<const std::uint64_t> dead) noexcept {
  const std::uint64_t old = entry_.load(std::memory_order_relaxed);
  for (std::size_t level = upper_of(old); level > 0; --level) {
    const UpperLayer& upper = *upper_[level - 1];
    for (std::uint32_t node = 0; node < upper.used; ++node) {
      if (upper.row()[node] == no_node || in(dead, upper.row()[node])) continue;
      entry_.store(entry_of(level, node), std::memory_order_release);
      return;
    }
  }
  const std::uint32_t root = root_.load(std::memory_order_relaxed);
  for (std::uint32_t row = 0; row < base_.capacity(); ++row) {
    if (in(dead, row) || (parent(row) == 0 && row != root)) continue;
    entry_.store(entry_of(0, row), std::memory_order_release);
    return;
  }
  entry_.store(nowhere, std::memory_order_release);
}

void Graph::plant(const Codes& codes, Tree& tree, std::span<const std::uint64_t> dead) {
  const std::uint64_t entry = entry_.load(std::memory_order_relaxed);
  std::uint32_t root = root_.load(std::memory_order_relaxed);
  if (entry == nowhere) return;
  if (in(dead, root)) {
    root = node_of(entry);
    for (std::size_t level = upper_of(entry); level > 0; --level) root = upper_[level - 1]->down()[root];
    root_.store(root, std::memory_order_release);
  }
  std::ranges::fill(children_.bytes(), std::byte{0});
  explore(tree, root);
  const auto scratch = scratches_.borrow();
  for (std::uint32_t row = 0; row < base_.capacity(); ++row) {
    const bool lives = parent(row) != 0 && !in(dead, row);
    if (lives && tree.place[row] == no_node) attach(codes, tree, row, *scratch);
  }
  parent(root) = 0;
  balance(tree);
}

/// What can be reached from here and was not before gets whoever leads to it first for a parent.
void Graph::explore(Tree& tree, std::uint32_t from) noexcept {
  std::array<std::uint32_t, most_degree> neighbours;
  tree.place[from] = static_cast<std::uint32_t>(tree.order.size());
  tree.order.push_back(from);
  for (std::size_t i = tree.place[from]; i < tree.order.size(); ++i) {
    const std::uint32_t node = tree.order[i];
    const std::uint32_t count = base_.read(node, neighbours.data());
    for (std::uint32_t j = 0; j < count; ++j) {
      const std::uint32_t next = neighbours[j];
      if (tree.place[next] != no_node) continue;
      tree.place[next] = static_cast<std::uint32_t>(tree.order.size());
      tree.order.push_back(next);
      parent(next) = node + 1;
      ++children(node);
    }
  }
}

/// A node that nothing leads to takes the place of a neighbour, which others lead to, in the list of a node near to it.
void Graph::attach(const Codes& codes, Tree& tree, std::uint32_t row, Scratch& scratch) {
  codes.codec->prepare_row(codes.row(row), scratch.query);
  const std::array<std::uint32_t, 1> root{root_.load(std::memory_order_relaxed)};
  walk(base_, codes, nullptr, scratch.query, root, {.beam = options_.build_beam}, scratch);
  std::uint32_t near = no_node;
  for (std::size_t i = 0; i < scratch.beam.size() && near == no_node; ++i)
    if (children(scratch.beam[i].node) < options_.degree) near = scratch.beam[i].node;
  for (std::size_t i = 0; near == no_node; ++i)  // a leaf is always among them
    if (children(tree.order[i]) < options_.degree) near = tree.order[i];

  std::array<std::uint32_t, most_degree> neighbours;
  std::uint32_t count = base_.read(near, neighbours.data());
  std::uint32_t at = count;
  if (count == options_.degree)
    for (at = count - 1; parent(neighbours[at]) == near + 1;) --at;
  else
    ++count;
  neighbours[at] = row;
  base_.write(near, std::span(neighbours).first(count));
  parent(row) = near + 1;
  ++children(near);
  if (base_.read(row, neighbours.data()) == 0) base_.write(row, std::span(&near, 1));
  explore(tree, row);
}

/// Of the nodes that lead to a node and were met before it, the one with the fewest children becomes its parent: those with many
/// have no room for new neighbours.
void Graph::balance(const Tree& tree) noexcept {
  std::array<std::uint32_t, most_degree> neighbours;
  for (std::size_t i = 0; i < tree.order.size(); ++i) {
    const std::uint32_t node = tree.order[i];
    const std::uint32_t count = base_.read(node, neighbours.data());
    for (std::uint32_t j = 0; j < count; ++j) {
      const std::uint32_t next = neighbours[j];
      if (tree.place[next] <= i || parent(next) == node + 1 || parent(next) == 0) continue;
      const std::uint32_t before = parent(next) - 1;
      if (children(node) + 1 >= children(before)) continue;
      --children(before);
      ++children(node);
      parent(next) = node + 1;
    }
  }
}

void Graph::forget(std::span<const std::uint64_t> dead) noexcept {
  for (std::size_t level = 1; level <= most_upper && upper_[level - 1]; ++level) {
    UpperLayer& upper = *upper_[level - 1];
    for (std::uint32_t node = 0; node < upper.used; ++node) {
      if (!in(dead, upper.row()[node])) continue;  // so is no_node
      upper.layer.write(node, {});
      upper.row()[node] = no_node;
      upper.free.push_back(node);
    }
  }
  for (std::uint32_t row = 0; row < base_.capacity(); ++row) {
    if (!in(dead, row)) continue;
    base_.write(row, {});
    parent(row) = 0;
    children(row) = 0;
    count_.fetch_sub(1, std::memory_order_relaxed);
  }
}

}  // namespace libabi::vdb
