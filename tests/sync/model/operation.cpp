#include "sync/model/operation.hpp"

#include <algorithm>
#include <functional>

namespace libabi::sync::model {

namespace {

/// Leaves out calls; `before` counts those that stay.
Lanes filtered(const Lanes& lanes, const std::function<bool(std::size_t lane, std::size_t index)>& stays) {
  std::vector<std::vector<std::uint32_t>> kept(lanes.size());  // of the first n calls of the lane
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    kept[lane].push_back(0);
    for (std::size_t index = 0; index < lanes[lane].size(); ++index)
      kept[lane].push_back(kept[lane].back() + (stays(lane, index) ? 1 : 0));
  }
  Lanes result(lanes.size());
  for (std::size_t lane = 0; lane < lanes.size(); ++lane)
    for (std::size_t index = 0; index < lanes[lane].size(); ++index) {
      if (!stays(lane, index)) continue;
      Call call = lanes[lane][index];
      for (std::size_t other = 0; other < lanes.size(); ++other) call.before[other] = kept[other][call.before[other]];
      result[lane].push_back(std::move(call));
    }
  return result;
}

}  // namespace

std::vector<Lanes> by_key(const Lanes& lanes) {
  std::vector<int> keys;
  for (const auto& lane : lanes)
    for (const Call& call : lane)
      if (std::ranges::find(keys, call.operation.key) == keys.end()) keys.push_back(call.operation.key);
  std::vector<Lanes> parts;
  for (const int key : keys)
    parts.push_back(
        filtered(lanes, [&](std::size_t lane, std::size_t index) { return lanes[lane][index].operation.key == key; }));
  return parts;
}

Lanes without_excused_failures(const Lanes& lanes, std::initializer_list<Verb> verbs) {
  return filtered(lanes, [&](std::size_t lane, std::size_t index) {
    const Call& call = lanes[lane][index];
    if (call.operation.ok || std::ranges::find(verbs, call.operation.verb) == verbs.end()) return true;
    for (std::size_t other = 0; other < lanes.size(); ++other) {
      if (other == lane) continue;
      for (std::size_t i = call.before[other]; i < lanes[other].size(); ++i)  // not over when the call began
        if (lanes[other][i].before[lane] <= index) return false;              // nor begun after it was over
    }
    return true;
  });
}

}  // namespace libabi::sync::model
