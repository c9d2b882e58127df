#include "graph/graph.hpp"

#include "graph/walk.hpp"

#include <algorithm>
#include <cstring>

namespace libabi::vdb {

namespace {

Result<memory::Buffer> grown(const memory::Buffer& old, std::uint64_t bytes, memory::MemoryAccount& account) {
  ABI_TRY(memory::Buffer fresh, memory::Buffer::allocate_pages(bytes, account));
  if (old.size() != 0) std::memcpy(fresh.data(), old.data(), static_cast<std::size_t>(std::min(old.size(), bytes)));
  return fresh;
}

}  // namespace

Result<void> Graph::grow(std::size_t capacity) {
  ABI_TRY(Layer base,
          base_.capacity() == 0 ? Layer::create(capacity, options_.degree, account_) : base_.grown(capacity, account_));
  ABI_TRY(memory::Buffer parents, grown(parents_, capacity * sizeof(std::uint32_t), account_));
  ABI_TRY(memory::Buffer children, grown(children_, capacity, account_));
  std::array<std::optional<UpperLayer>, most_upper> uppers;
  std::size_t share = capacity;
  for (std::size_t i = 0; i < most_upper && share >= layer_ratio; ++i) {
    share /= layer_ratio;
    const std::size_t room = share + share / 4 + 16;  // heights are drawn by a hash: a few more than the share
    const UpperLayer* const old = upper_[i] ? &*upper_[i] : nullptr;
    UpperLayer& upper = uppers[i].emplace();
    const memory::Buffer none;
    ABI_TRY(upper.layer, old ? old->layer.grown(room, account_) : Layer::create(room, degree_of(i + 1), account_));
    ABI_TRY(upper.rows, grown(old ? old->rows : none, room * sizeof(std::uint32_t), account_));
    ABI_TRY(upper.below, grown(old ? old->below : none, room * sizeof(std::uint32_t), account_));
    upper.free.reserve(room);
    if (!old) continue;
    upper.free = old->free;
    upper.free.reserve(room);
    upper.used = old->used;
  }
  base_ = std::move(base);
  parents_ = std::move(parents);
  children_ = std::move(children);
  upper_ = std::move(uppers);
  return {};
}

std::array<std::uint32_t, 2> Graph::entries(const Codes& codes, const PreparedQuery& query, Scratch& scratch) const noexcept {
  const std::uint64_t top = entry_.load(std::memory_order_acquire);
  const std::uint32_t root = root_.load(std::memory_order_acquire);
  if (top == nowhere) return {root, root};  // its last rows are being taken out: they lead nowhere, and are still there
  Candidate at{std::numeric_limits<float>::infinity(), node_of(top)};
  for (std::size_t level = upper_of(top); level > 0; --level) {
    at = descend(upper_[level - 1]->layer, codes, rows_of(level), query, at, scratch);
    at.node = upper_[level - 1]->down()[at.node];
  }
  return {at.node, root};
}

std::size_t Graph::layers() const noexcept { return empty() ? 0 : upper_of(entry_.load(std::memory_order_acquire)) + 1; }

std::uint64_t Graph::memory_bytes() const noexcept {
  const auto bytes_of = [](const Layer& layer) {
    return std::uint64_t{layer.capacity()} * layer.degree() * sizeof(std::uint32_t);
  };
  std::uint64_t bytes = bytes_of(base_) + parents_.size() + children_.size();
  for (const auto& upper : upper_)
    if (upper) bytes += bytes_of(upper->layer) + upper->rows.size() + upper->below.size();
  return bytes;
}

double Graph::mean_degree() const noexcept {
  std::array<std::uint32_t, most_degree> neighbours;
  std::uint64_t edges = 0;
  for (std::uint32_t row = 0; row < base_.capacity(); ++row) edges += base_.read(row, neighbours.data());
  return nodes() == 0 ? 0 : static_cast<double>(edges) / static_cast<double>(nodes());
}

std::size_t Graph::reachable() const {
  if (empty()) return 0;
  std::vector<bool> seen(base_.capacity(), false);
  std::vector<std::uint32_t> queue{root_.load(std::memory_order_acquire)};
  seen[queue.front()] = true;
  std::array<std::uint32_t, most_degree> neighbours;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const std::uint32_t count = base_.read(queue[i], neighbours.data());
    for (std::uint32_t j = 0; j < count; ++j) {
      if (seen[neighbours[j]]) continue;
      seen[neighbours[j]] = true;
      queue.push_back(neighbours[j]);
    }
  }
  return queue.size();
}

}  // namespace libabi::vdb
