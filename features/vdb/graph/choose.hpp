#pragma once
/// Which of the nodes near a node become its neighbours.

#include "graph/scratch.hpp"

#include <cstdint>

namespace libabi::vdb {

struct ChooseOptions {
  std::uint32_t degree = 32;
  float slack = 1.2F;  ///< 1: the rule of HNSW; more: of Vamana, after a round with 1
};

/// scratch.candidates, with their distances from `node` (which is not among them), are brought into order; at most `degree` of
/// them are written to `out`, nearest first within each round; returns how many. A candidate is passed over where one that was
/// taken is nearer to it, by the factor `slack`, than the node is (robust pruning: DiskANN, NeurIPS 2019, algorithm 2). Those for
/// which `must(node)` holds come first and are always taken. Uses scratch.other, nodes and distances.
/// Work: at most degree times candidates distances.
template <class Must>
std::uint32_t choose(const Codes& codes, const std::uint32_t* rows, const ChooseOptions& options, const Must& must,
                     Scratch& scratch, std::uint32_t* out) noexcept;

namespace detail {

/// Candidates that are still open, in order of distance, and how far each is occluded by those that were taken.
struct Open {
  std::array<Candidate, most_rows_at_once> candidate;
  std::array<float, most_rows_at_once> occlusion;  ///< the largest of (distance from the node / from one taken), squared
  std::size_t count = 0;

  /// The one at this place goes; the next takes its place.
  std::uint32_t take(std::size_t at) noexcept {
    const std::uint32_t node = candidate[at].node;
    --count;
    for (std::size_t i = at; i < count; ++i) {
      candidate[i] = candidate[i + 1];
      occlusion[i] = occlusion[i + 1];
    }
    return node;
  }
};

/// `node` was taken: of those from `begin` on the ones that it occludes beyond `limit` are no longer open.
void occlude(const Codes& codes, const std::uint32_t* rows, std::uint32_t node, std::size_t begin, float limit, Open& open,
             Scratch& scratch) noexcept;
/// Sorts, drops what is there twice, and opens the nearest.
void open_candidates(Scratch& scratch, Open& open) noexcept;

}  // namespace detail

template <class Must>
std::uint32_t choose(const Codes& codes, const std::uint32_t* rows, const ChooseOptions& options, const Must& must,
                     Scratch& scratch, std::uint32_t* out) noexcept {
  detail::Open open;
  detail::open_candidates(scratch, open);
  const float last = options.slack * options.slack;
  std::uint32_t chosen = 0;
  for (std::size_t i = 0; i < open.count && chosen < options.degree;) {
    if (must(open.candidate[i].node))
      out[chosen++] = open.take(i);
    else
      ++i;
  }
  for (std::uint32_t i = 0; i < chosen; ++i) detail::occlude(codes, rows, out[i], 0, last, open, scratch);
  for (float limit = 1; chosen < options.degree; limit = last) {
    for (std::size_t i = 0; i < open.count && chosen < options.degree;) {
      if (open.occlusion[i] > limit) {
        ++i;
        continue;
      }
      out[chosen++] = open.take(i);
      detail::occlude(codes, rows, out[chosen - 1], i, last, open, scratch);
    }
    if (limit >= last) break;
  }
  return chosen;
}

}  // namespace libabi::vdb
