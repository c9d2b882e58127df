#pragma once
/// What a walk writes to: kept from one walk to the next, one for each thread that walks.

#include "codec/codec.hpp"
#include "graph/layer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace libabi::vdb {

struct Candidate {
  float distance = 0;
  std::uint32_t node = 0;

  friend bool operator<(const Candidate& a, const Candidate& b) noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.node < b.node);
  }
};

/// Whether a set of bits, 64 a word, has this one; none has those beyond its last word.
inline bool in(std::span<const std::uint64_t> set, std::uint32_t bit) noexcept {
  return bit / 64 < set.size() && (set[bit / 64] >> (bit % 64) & 1) != 0;
}

/// Which nodes a walk has met; emptied in time proportional to their number.
class Visited {
 public:
  /// Throws bad_alloc.
  void make_room(std::size_t nodes) {
    if (words_.size() * 64 < nodes) words_.resize((nodes + 63) / 64, 0);
    touched_.reserve(words_.size());
  }
  /// True the first time.
  bool insert(std::uint32_t node) noexcept {
    std::uint64_t& word = words_[node / 64];
    const std::uint64_t bit = std::uint64_t{1} << (node % 64);
    if ((word & bit) != 0) return false;
    if (word == 0) touched_.push_back(node / 64);  // no allocation: there is room for every word
    word |= bit;
    return true;
  }
  void clear() noexcept {
    for (const std::uint32_t word : touched_) words_[word] = 0;
    touched_.clear();
  }

 private:
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> touched_;
};

/// The nearest nodes met so far, at most `width`, nearest first; each is expanded once.
class Beam {
 public:
  /// Throws bad_alloc.
  void reset(std::size_t width) {
    if (slots_.size() < width + 1) slots_.resize(width + 1);
    width_ = width;
    size_ = 0;
    next_ = 0;
  }
  /// What is not below it has no place here.
  float bound() const noexcept { return size_ == width_ ? slots_[size_ - 1].distance : infinity; }
  void insert(float distance, std::uint32_t node) noexcept {
    if (!(distance < bound())) return;
    std::size_t low = 0;
    for (std::size_t high = size_; low < high;) {
      const std::size_t middle = (low + high) / 2;
      if (slots_[middle].distance <= distance)
        low = middle + 1;
      else
        high = middle;
    }
    if (size_ < width_) ++size_;
    for (std::size_t i = size_ - 1; i > low; --i) slots_[i] = slots_[i - 1];
    slots_[low] = {distance, node, false};
    if (low < next_) next_ = low;
  }
  /// The nearest that is not expanded yet, or no_node.
  std::uint32_t peek() noexcept {
    while (next_ < size_ && slots_[next_].expanded) ++next_;
    return next_ < size_ ? slots_[next_].node : no_node;
  }
  /// The same, and it is expanded from now on.
  Candidate take() noexcept {
    slots_[next_].expanded = true;
    return {slots_[next_].distance, slots_[next_].node};
  }
  std::size_t size() const noexcept { return size_; }
  Candidate operator[](std::size_t i) const noexcept { return {slots_[i].distance, slots_[i].node}; }

 private:
  static constexpr float infinity = std::numeric_limits<float>::infinity();
  struct Slot {
    float distance = 0;
    std::uint32_t node : 31 = 0;
    std::uint32_t expanded : 1 = 0;
    Slot() = default;
    Slot(float d, std::uint32_t n, bool e) noexcept : distance(d), node(n & 0x7fffffffU), expanded(e) {}
  };
  std::vector<Slot> slots_;
  std::size_t width_ = 0;
  std::size_t size_ = 0;
  std::size_t next_ = 0;
};

struct Scratch {
  Visited visited;
  Beam beam;
  Beam found;  ///< of a filtered walk: those that the filter lets through
  PreparedQuery query;
  PreparedQuery other;              ///< a row as a query, where `query` is in use
  std::vector<Candidate> expanded;  ///< by the last walk that was to keep them, as many as there is room for
  std::vector<Candidate> candidates;
  std::vector<float> vector;  ///< a row as the codec takes it
  std::array<std::uint32_t, most_rows_at_once> nodes;
  std::array<float, most_rows_at_once> distances;

  /// For walks with a beam of that width through so many nodes. Throws bad_alloc; errors: exhausted.
  Result<void> make_room(const Codec& codec, std::size_t nodes_there, std::size_t width, memory::MemoryAccount& account) {
    visited.make_room(nodes_there);
    beam.reset(width);
    if (query.bytes.size() < codec.query_bytes()) {
      ABI_TRY(query.bytes, memory::Buffer::allocate(codec.query_bytes(), account));
    }
    vector.resize(codec.dimension());
    return {};
  }
  /// For building besides: afterwards nothing is allocated.
  Result<void> make_room_to_build(const Codec& codec, std::size_t nodes_there, std::size_t width,
                                  memory::MemoryAccount& account) {
    ABI_TRY(make_room(codec, nodes_there, width, account));
    if (other.bytes.size() < codec.query_bytes()) {
      ABI_TRY(other.bytes, memory::Buffer::allocate(codec.query_bytes(), account));
    }
    expanded.reserve(2 * width);
    candidates.reserve(std::max<std::size_t>(3 * width, 4 * most_degree));
    return {};
  }
};

}  // namespace libabi::vdb
