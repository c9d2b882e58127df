#pragma once
/// The metric's own value of rows, and their order.

#include <abi/simd/kernels.hpp>
#include <abi/vdb/index.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace libabi::vdb {

/// Scores of the rows that `rows` names.
inline void score(Metric metric, const float* query, const simd::Rows<float>& rows, std::size_t dimension, float* out) noexcept {
  const auto& k = simd::kernels();
  switch (metric) {
    case Metric::l2: return k.l2_f32_rows(out, query, rows, dimension);
    case Metric::inner_product: return k.dot_f32_rows(out, query, rows, dimension);
    case Metric::cosine: return k.cosine_f32_rows(out, query, rows, dimension);
  }
}

/// Whether `a` comes before `b` in an answer.
struct Nearer {
  Metric metric;
  bool operator()(const Hit& a, const Hit& b) const noexcept {
    if (a.score != b.score) return metric == Metric::l2 ? a.score < b.score : a.score > b.score;
    return a.row < b.row;
  }
};

/// The nearest `k` of the hits that are offered to it.
class Nearest {
 public:
  /// Throws bad_alloc.
  Nearest(Metric metric, std::size_t k) : nearer_{metric}, k_(k) { hits_.reserve(k); }
  void offer(const Hit& hit) noexcept {
    if (hits_.size() == k_) {
      if (!nearer_(hit, hits_.front())) return;
      std::ranges::pop_heap(hits_, nearer_);
      hits_.back() = hit;
    } else {
      hits_.push_back(hit);
    }
    std::ranges::push_heap(hits_, nearer_);
  }
  std::vector<Hit> take() && {
    std::ranges::sort_heap(hits_, nearer_);
    return std::move(hits_);
  }

 private:
  Nearer nearer_;
  std::size_t k_;
  std::vector<Hit> hits_;
};

/// Calls `body(rows, count)` for the rows of a set of bits, in their order, `most` at a time. Others may set bits meanwhile.
template <std::size_t most, class Body>
void for_blocks(std::span<const std::uint64_t> bits, const Body& body) {
  std::array<Row, most> rows;
  std::size_t count = 0;
  for (std::size_t word = 0; word < bits.size(); ++word) {
    const std::uint64_t now = std::atomic_ref(const_cast<std::uint64_t&>(bits[word])).load(std::memory_order_acquire);
    for (std::uint64_t left = now; left != 0; left &= left - 1) {
      rows[count++] = static_cast<Row>(word * 64) + static_cast<Row>(std::countr_zero(left));
      if (count < most) continue;
      body(rows.data(), count);
      count = 0;
    }
  }
  if (count != 0) body(rows.data(), count);
}

}  // namespace libabi::vdb
