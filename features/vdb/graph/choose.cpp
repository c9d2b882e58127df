#include "graph/choose.hpp"

#include <algorithm>

namespace libabi::vdb::detail {

void open_candidates(Scratch& scratch, Open& open) noexcept {
  auto& list = scratch.candidates;
  std::sort(list.begin(), list.end());
  const auto same = [](const Candidate& a, const Candidate& b) { return a.node == b.node; };
  list.erase(std::unique(list.begin(), list.end(), same), list.end());
  open.count = std::min(list.size(), most_rows_at_once);
  for (std::size_t i = 0; i < open.count; ++i) {
    open.candidate[i] = list[i];
    open.occlusion[i] = 0;
  }
}

void occlude(const Codes& codes, const std::uint32_t* rows, std::uint32_t node, std::size_t begin, float limit, Open& open,
             Scratch& scratch) noexcept {
  if (begin == open.count) return;
  const std::size_t some = open.count - begin;
  for (std::size_t i = 0; i < some; ++i) {
    const std::uint32_t candidate = open.candidate[begin + i].node;
    scratch.nodes[i] = rows ? rows[candidate] : candidate;
  }
  codes.codec->prepare_row(codes.row(rows ? rows[node] : node), scratch.other);
  codes.distances(scratch.other, scratch.nodes.data(), some, std::numeric_limits<float>::infinity(), scratch.distances.data());
  std::size_t kept = begin;
  for (std::size_t at = begin; at < open.count; ++at) {
    const float between = scratch.distances[at - begin];
    const float own = open.candidate[at].distance;
    // Of two rows in one place the second is occluded, but where the node is in that place too.
    const float factor = between > 0 ? own / between : (own > 0 ? std::numeric_limits<float>::infinity() : 1.0F);
    const float occlusion = std::max(open.occlusion[at], factor);
    if (occlusion > limit) continue;
    open.candidate[kept] = open.candidate[at];
    open.occlusion[kept++] = occlusion;
  }
  open.count = kept;
}

}  // namespace libabi::vdb::detail
