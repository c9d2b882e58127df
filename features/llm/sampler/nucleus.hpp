#pragma once
/// Cutting candidates down to a part of the probability: what top_p and typical have in common.

#include <abi/llm/sampler.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace libabi::llm {

/// A candidate as a cut sees it: lesser keys are kept first, then lower ids.
struct Ranked {
  float key;
  float p;
  TokenId id;
  friend bool operator<(const Ranked& a, const Ranked& b) noexcept { return a.key != b.key ? a.key < b.key : a.id < b.id; }
};

/// The last of the least items that together have at least `mass` and are at least `min_keep` many; the greatest item
/// where all together do not. Reorders the items, which are at least one. O(n) expected: quickselect by weight.
Ranked last_kept(std::span<Ranked> items, double mass, std::size_t min_keep) noexcept;

/// Keeps the candidates of the least keys that together have at least `mass`, and at least `min_keep` of them.
template <class Key>
void keep_mass(std::vector<Candidate>& candidates, std::vector<Ranked>& scratch, double mass, std::size_t min_keep, Key key) {
  scratch.clear();
  for (const Candidate& each : candidates) scratch.push_back({key(each), each.p, each.id});
  const Ranked last = last_kept(scratch, mass, min_keep);
  std::erase_if(candidates, [&](const Candidate& each) { return last < Ranked{key(each), each.p, each.id}; });
}

}  // namespace libabi::llm
