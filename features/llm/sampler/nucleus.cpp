#include "sampler/nucleus.hpp"

#include <functional>

namespace libabi::llm {

namespace {

constexpr std::size_t few = 32;     // so many are sorted rather than halved again
constexpr int rounds_at_most = 64;  // 150,000 items take about 20; an unlucky order ends up sorted

Ranked median(const Ranked& a, const Ranked& b, const Ranked& c) noexcept {
  if (a < b) return b < c ? b : (a < c ? c : a);
  return a < c ? a : (b < c ? c : b);
}

}  // namespace

Ranked last_kept(std::span<Ranked> items, double mass, std::size_t min_keep) noexcept {
  // Everything before `items` is kept; the last one to keep is among them.
  double kept_mass = 0;
  std::size_t kept_count = 0;
  for (int round = 0; round < rounds_at_most && items.size() > few; ++round) {
    const Ranked pivot = median(items.front(), items[items.size() / 2], items.back());
    // Lesser ones to the front. Written out, since the order, and so the rounding of the sums, must be the same everywhere.
    std::size_t lesser = 0;
    double lesser_mass = 0;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i] < pivot) {
        lesser_mass += items[i].p;
        std::swap(items[i], items[lesser++]);
      }
    if (kept_mass + lesser_mass >= mass && kept_count + lesser >= min_keep) {
      items = items.first(lesser);
    } else {
      kept_mass += lesser_mass;
      kept_count += lesser;
      items = items.subspan(lesser);
    }
  }
  std::ranges::sort(items, std::less<>());
  for (const Ranked& each : items) {
    kept_mass += each.p;
    ++kept_count;
    if (kept_mass >= mass && kept_count >= min_keep) return each;
  }
  return items.back();
}

}  // namespace libabi::llm
