// Adding a batch of rows to a graph: see graph.hpp.
#include "graph/graph.hpp"
#include "graph/walk.hpp"

#include <abi/base/check.hpp>
#include <abi/task/parallel.hpp>

#include <algorithm>
#include <bit>

namespace libabi::vdb {

namespace {

constexpr std::size_t least_batch = 64;
constexpr std::size_t batch_share = 50;  // of the graph: nodes of a batch do not see each other

/// How many layers above the base a row is in: each has a sixteenth of the rows of the one below.
std::uint32_t height_of(std::uint32_t row) noexcept {
  std::uint64_t z = row + 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<std::uint32_t>(std::countr_zero(z ^ (z >> 31))) / 4;
}

constexpr auto nobody = [](std::uint32_t) { return false; };

}  // namespace

Result<void> Graph::prepare_to_build(const Codes& codes, std::size_t batch) {
  const auto make_ready = [&](Scratch& scratch) {
    return scratch.make_room_to_build(*codes.codec, capacity(), options_.build_beam, account_);
  };
  ABI_TRY(scratches_.reserve(scheduler_.threads() + 1, make_ready));
  joining_.reserve(batch);
  edges_.reserve(batch * (options_.degree + 1));
  groups_.reserve(batch * (options_.degree + 1) + 1);
  return {};
}

Result<void> Graph::add(const Codes& codes, std::span<const std::uint32_t> rows) {
  const std::size_t most = std::max(least_batch, (nodes() + rows.size()) / batch_share);
  ABI_TRY(prepare_to_build(codes, std::min(most, rows.size())));
  // From here on nothing allocates, so that all of them get in.
  while (!rows.empty()) {
    const std::size_t batch = std::min({rows.size(), most, std::max<std::size_t>(nodes(), 1)});
    add_batch(codes, rows.first(batch));
    rows = rows.subspan(batch);
  }
  return {};
}

void Graph::add_batch(const Codes& codes, std::span<const std::uint32_t> rows) {
  place(rows);
  count_.fetch_add(rows.size(), std::memory_order_relaxed);
  if (empty()) {
    root_.store(rows[0], std::memory_order_release);
    entry_.store(entry_of(0, rows[0]), std::memory_order_release);
  } else {
    const auto look = [&](std::size_t begin, std::size_t end) {
      const auto scratch = scratches_.borrow();
      for (std::size_t i = begin; i < end; ++i) look_around(codes, joining_[i], *scratch);
    };
    const auto looked = task::parallel_for(scheduler_, 0, joining_.size(), look, {.grain = 4});
    ABI_CHECK(looked.has_value());
    for (const Joining& joining : joining_) adopt(joining);
    for (std::size_t level = 0; level < layers(); ++level) join(codes, level);
  }
  if (raised_ != no_node) raise(raised_);
}

void Graph::place(std::span<const std::uint32_t> rows) noexcept {
  joining_.clear();
  raised_ = no_node;
  const std::size_t top = empty() ? 0 : layers() - 1;
  for (const std::uint32_t row : rows) {
    Joining joining{.row = row};
    joining.node[0] = row;
    const std::uint32_t height = height_of(row);
    while (joining.height < std::min<std::size_t>(height, top)) {
      UpperLayer& upper = *upper_[joining.height];
      std::uint32_t node = upper.used;
      if (!upper.free.empty()) {
        node = upper.free.back();
        upper.free.pop_back();
      } else if (upper.used == upper.layer.capacity()) {
        break;
      } else {
        ++upper.used;
      }
      upper.row()[node] = row;
      upper.down()[node] = joining.node[joining.height];
      joining.node[++joining.height] = node;
    }
    if (height > top && joining.height == top && raised_ == no_node && top < most_upper && upper_[top])
      raised_ = static_cast<std::uint32_t>(joining_.size());
    joining_.push_back(joining);
  }
}

void Graph::look_around(const Codes& codes, const Joining& joining, Scratch& scratch) {
  codes.codec->prepare_row(codes.row(joining.row), scratch.query);
  const std::uint64_t top = entry_.load(std::memory_order_acquire);
  Candidate at{std::numeric_limits<float>::infinity(), node_of(top)};
  std::array<std::uint32_t, most_degree> chosen;
  for (std::size_t level = upper_of(top);; --level) {
    if (level > joining.height) {
      at = descend(layer(level), codes, rows_of(level), scratch.query, at, scratch);
    } else {
      const std::array<std::uint32_t, 1> entry{at.node};
      walk(layer(level), codes, rows_of(level), scratch.query, entry, {.beam = options_.build_beam, .keep_expanded = true},
           scratch);
      scratch.candidates.assign(scratch.expanded.begin(), scratch.expanded.end());
      for (std::size_t i = 0; i < scratch.beam.size(); ++i) scratch.candidates.push_back(scratch.beam[i]);
      at = scratch.beam[0];
      const std::uint32_t count =
          choose(codes, rows_of(level), {.degree = degree_of(level), .slack = options_.slack}, nobody, scratch, chosen.data());
      layer(level).write(joining.node[level], std::span(chosen).first(count));
    }
    if (level == 0) return;
    at.node = upper_[level - 1]->down()[at.node];
    at.distance = std::numeric_limits<float>::infinity();
  }
}

/// The nearest neighbour that has not too many children becomes the parent.
void Graph::adopt(const Joining& joining) noexcept {
  std::array<std::uint32_t, most_degree> neighbours;
  const std::uint32_t count = base_.read(joining.row, neighbours.data());
  std::uint32_t best = no_node;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (best == no_node || children(neighbours[i]) < children(best)) best = neighbours[i];
    if (children(best) < options_.degree / 2) break;
  }
  // Many rows in one place: any node that has room.
  for (std::uint32_t row = 0; best == no_node || children(best) >= options_.degree; ++row)
    if ((parent(row) != 0 || row == root_.load(std::memory_order_relaxed)) && children(row) < options_.degree) best = row;
  parent(joining.row) = best + 1;
  ++children(best);
}

void Graph::join(const Codes& codes, std::size_t level) {
  edges_.clear();
  std::array<std::uint32_t, most_degree> neighbours;
  for (const Joining& joining : joining_) {
    if (joining.height < level) continue;
    const std::uint32_t node = joining.node[level];
    const std::uint32_t count = layer(level).read(node, neighbours.data());
    bool has_parent = level != 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      edges_.push_back({.to = neighbours[i], .from = node});
      if (level == 0 && parent(node) == neighbours[i] + 1) has_parent = true;
    }
    if (!has_parent) edges_.push_back({.to = parent(node) - 1, .from = node});
  }
  std::ranges::sort(edges_);
  groups_.clear();
  for (std::size_t i = 0; i < edges_.size(); ++i)
    if (i == 0 || edges_[i].to != edges_[i - 1].to) groups_.push_back(i);
  const std::size_t groups = groups_.size();
  groups_.push_back(edges_.size());
  const auto work = [&](std::size_t begin, std::size_t end) {
    const auto scratch = scratches_.borrow();
    for (std::size_t g = begin; g < end; ++g)
      join_one(codes, level, std::span(edges_).subspan(groups_[g], groups_[g + 1] - groups_[g]), *scratch);
  };
  const auto joined = task::parallel_for(scheduler_, 0, groups, work, {.grain = 8});
  ABI_CHECK(joined.has_value());
}

void Graph::join_one(const Codes& codes, std::size_t level, std::span<const Edge> edges, Scratch& scratch) noexcept {
  const std::uint32_t node = edges[0].to;
  const std::uint32_t degree = degree_of(level);
  const std::uint32_t* const rows = rows_of(level);
  const auto is_child = [&](std::uint32_t other) { return level == 0 && parent(other) == node + 1; };
  std::array<std::uint32_t, most_rows_at_once> all;
  std::uint32_t count = layer(level).read(node, all.data());
  bool prepared = false;
  while (!edges.empty()) {
    std::size_t taken = 0;
    for (; taken < edges.size() && count < most_rows_at_once; ++taken) all[count++] = edges[taken].from;
    edges = edges.subspan(taken);
    if (count <= degree && edges.empty()) break;
    if (!std::exchange(prepared, true)) codes.codec->prepare_row(codes.row(rows ? rows[node] : node), scratch.query);
    for (std::uint32_t i = 0; i < count; ++i) scratch.nodes[i] = rows ? rows[all[i]] : all[i];
    codes.distances(scratch.query, scratch.nodes.data(), count, std::numeric_limits<float>::infinity(), scratch.distances.data());
    scratch.candidates.clear();
    for (std::uint32_t i = 0; i < count; ++i) scratch.candidates.push_back({scratch.distances[i], all[i]});
    count = choose(codes, rows, {.degree = degree, .slack = options_.slack}, is_child, scratch, all.data());
  }
  layer(level).write(node, std::span(all).first(count));
}

void Graph::raise(std::uint32_t index) noexcept {
  const Joining& joining = joining_[index];
  const std::size_t top = layers() - 1;
  if (joining.height != top) return;
  UpperLayer& upper = *upper_[top];
  std::uint32_t node = upper.used;
  if (!upper.free.empty()) {
    node = upper.free.back();
    upper.free.pop_back();
  } else {
    ++upper.used;
  }
  upper.row()[node] = joining.row;
  upper.down()[node] = joining.node[top];
  layer(top + 1).write(node, {});
  entry_.store(entry_of(top + 1, node), std::memory_order_release);
}

}  // namespace libabi::vdb
