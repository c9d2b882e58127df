#pragma once

#include <abi/llm/gguf.hpp>

#include <algorithm>
#include <numeric>

namespace libabi::llm {

inline std::string_view name_of(const GgufEntry& entry) noexcept { return entry.key; }
inline std::string_view name_of(const GgufTensor& tensor) noexcept { return tensor.name; }

/// Finds named items by bisection. A sorted order takes 4 bytes an item and, unlike a hash table, has no worst case that
/// a file could be written for: O(n log n) to build and O(log n) to find, in comparisons.
class NameIndex {
 public:
  /// Returns the first item whose name an item before it has, or null when all names differ.
  template <class Item>
  const Item* build(const std::vector<Item>& items) {
    order_.resize(items.size());
    std::iota(order_.begin(), order_.end(), 0u);
    std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
      const auto sign = name_of(items[a]) <=> name_of(items[b]);
      return sign == 0 ? a < b : sign < 0;
    });
    std::size_t first = items.size();
    for (std::size_t i = 1; i < order_.size(); ++i)
      if (name_of(items[order_[i - 1]]) == name_of(items[order_[i]])) first = std::min<std::size_t>(first, order_[i]);
    return first < items.size() ? &items[first] : nullptr;
  }

  template <class Item>
  const Item* find(const std::vector<Item>& items, std::string_view name) const noexcept {
    const auto at = std::lower_bound(order_.begin(), order_.end(), name,
                                     [&](std::uint32_t i, std::string_view wanted) { return name_of(items[i]) < wanted; });
    return at != order_.end() && name_of(items[*at]) == name ? &items[*at] : nullptr;
  }

 private:
  std::vector<std::uint32_t> order_;
};

}  // namespace libabi::llm
