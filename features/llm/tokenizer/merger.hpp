#pragma once
/// Byte-pair merging of one word: the best pair of neighbours becomes one symbol, until none can. Among equals the
/// leftmost is first. A linked list and a heap: O(n log n) for n symbols. The memory is kept from word to word.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace libabi::llm {

class Merger {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  struct Symbol {
    std::uint32_t begin, bytes;  // in the word
    std::uint32_t id;            // the family's, or kNone
    std::uint32_t previous, next;
  };
  /// What two neighbours become. The lowest priority is first.
  struct Merge {
    std::uint32_t priority;
    std::uint32_t id;  // kNone where they stay apart
  };

  void clear() noexcept { symbols_.clear(); }
  /// Symbols are added in order; together they are the word, below 2^32 bytes.
  void add(std::uint32_t bytes, std::uint32_t id) {
    const auto index = static_cast<std::uint32_t>(symbols_.size());
    const std::uint32_t begin = index == 0 ? 0 : symbols_.back().begin + symbols_.back().bytes;
    symbols_.push_back({begin, bytes, id, index - 1, index + 1});
  }

  /// find(left, right) gives the Merge of two neighbouring symbols, by their ids or by the bytes that they cover.
  template <class Find>
  void merge(Find&& find) {
    const auto count = static_cast<std::uint32_t>(symbols_.size());
    if (count == 0) return;
    symbols_.back().next = kNone;
    heap_.clear();
    for (std::uint32_t left = 0; left + 1 < count; ++left) consider(left, left + 1, find);
    std::ranges::make_heap(heap_, later);
    while (!heap_.empty()) {
      std::ranges::pop_heap(heap_, later);
      const Candidate best = heap_.back();
      heap_.pop_back();
      const auto left_index = static_cast<std::uint32_t>(best.order);
      Symbol& left = symbols_[left_index];
      // Neither has moved its begin; so if the bytes still agree, the two are as they were.
      if (left.bytes == 0 || left.next != best.right || left.bytes + symbols_[best.right].bytes != best.bytes) continue;
      Symbol& right = symbols_[best.right];
      left.bytes = best.bytes;
      left.id = best.id;
      left.next = right.next;
      right.bytes = 0;
      if (left.next != kNone) symbols_[left.next].previous = left_index;
      if (left.previous != kNone) push(left.previous, left_index, find);
      if (left.next != kNone) push(left_index, left.next, find);
    }
  }

  /// Calls `visit` with each symbol that is left, in order.
  template <class Visit>
  void each(Visit&& visit) const {
    if (symbols_.empty()) return;
    for (std::uint32_t i = 0; i != kNone && i < symbols_.size(); i = symbols_[i].next) visit(symbols_[i]);
  }

 private:
  struct Candidate {
    std::uint64_t order;  // priority, then the place of the left symbol
    std::uint32_t right, bytes, id;
  };
  static constexpr auto later = [](const Candidate& a, const Candidate& b) { return a.order > b.order; };

  template <class Find>
  bool consider(std::uint32_t left, std::uint32_t right, Find& find) {
    const Merge merge = find(symbols_[left], symbols_[right]);
    if (merge.id == kNone) return false;
    heap_.push_back({std::uint64_t{merge.priority} << 32 | left, right, symbols_[left].bytes + symbols_[right].bytes, merge.id});
    return true;
  }
  template <class Find>
  void push(std::uint32_t left, std::uint32_t right, Find& find) {
    if (consider(left, right, find)) std::ranges::push_heap(heap_, later);
  }

  std::vector<Symbol> symbols_;
  std::vector<Candidate> heap_;
};

}  // namespace libabi::llm
