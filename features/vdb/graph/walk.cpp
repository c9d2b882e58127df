#include "graph/walk.hpp"

namespace libabi::vdb {

namespace {

/// Distances of scratch.nodes[0 .. count).
void measure(const Codes& codes, const std::uint32_t* rows, const PreparedQuery& query, std::size_t count, float bound,
             Scratch& scratch) noexcept {
  if (!rows) {
    codes.distances(query, scratch.nodes.data(), count, bound, scratch.distances.data());
    return;
  }
  std::array<std::uint32_t, most_degree> named;
  for (std::size_t i = 0; i < count; ++i) named[i] = rows[scratch.nodes[i]];
  codes.distances(query, named.data(), count, bound, scratch.distances.data());
}

/// scratch.nodes[0 .. count) are seen for the first time.
void meet(const Codes& codes, const std::uint32_t* rows, const PreparedQuery& query, std::size_t count,
          const WalkOptions& options, Scratch& scratch) noexcept {
  const bool filtered = !options.among.empty();
  const float bound = filtered ? std::max(scratch.beam.bound(), scratch.found.bound()) : scratch.beam.bound();
  measure(codes, rows, query, count, bound, scratch);
  for (std::size_t i = 0; i < count; ++i) {
    scratch.beam.insert(scratch.distances[i], scratch.nodes[i]);
    if (filtered && in(options.among, scratch.nodes[i])) scratch.found.insert(scratch.distances[i], scratch.nodes[i]);
  }
}

}  // namespace

void walk(const Layer& layer, const Codes& codes, const std::uint32_t* rows, const PreparedQuery& query,
          std::span<const std::uint32_t> entries, const WalkOptions& options, Scratch& scratch) {
  Beam& beam = scratch.beam;
  beam.reset(options.beam);
  scratch.expanded.clear();
  scratch.visited.clear();
  if (!options.among.empty()) scratch.found.reset(options.found);
  std::size_t begin = 0;
  for (const std::uint32_t entry : entries)
    if (scratch.visited.insert(entry)) scratch.nodes[begin++] = entry;
  meet(codes, rows, query, begin, options, scratch);
  const std::size_t code_bytes = codes.codec->row_bytes();
  const std::size_t ahead = code_bytes <= 256 ? code_bytes : 256;  // of a long code the first part decides mostly
  while (beam.peek() != no_node) {
    const Candidate nearest = beam.take();
    if (options.keep_expanded && scratch.expanded.size() < scratch.expanded.capacity()) scratch.expanded.push_back(nearest);
    std::array<std::uint32_t, most_degree> neighbours;
    const std::uint32_t count = layer.read(nearest.node, neighbours.data());
    std::size_t fresh = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t node = neighbours[i];
      if (!scratch.visited.insert(node)) continue;
      scratch.nodes[fresh++] = node;
      const std::byte* const code = codes.row(rows ? rows[node] : node);
      for (std::size_t at = 0; at < ahead; at += 64) __builtin_prefetch(code + at);
    }
    meet(codes, rows, query, fresh, options, scratch);
    if (const std::uint32_t next = beam.peek(); next != no_node) {
      const auto* const list = static_cast<const std::byte*>(layer.address(next));
      for (std::size_t at = 0; at < layer.degree() * sizeof(std::uint32_t); at += 64) __builtin_prefetch(list + at);
    }
  }
}

Candidate descend(const Layer& layer, const Codes& codes, const std::uint32_t* rows, const PreparedQuery& query, Candidate from,
                  Scratch& scratch) noexcept {
  for (;;) {
    const std::uint32_t count = layer.read(from.node, scratch.nodes.data());
    measure(codes, rows, query, count, from.distance, scratch);
    Candidate best = from;
    for (std::uint32_t i = 0; i < count; ++i) best = std::min(best, {scratch.distances[i], scratch.nodes[i]});
    if (best.node == from.node) return from;
    from = best;
  }
}

}  // namespace libabi::vdb
