#pragma once
/// One layer of a graph: for each node the numbers of its neighbours, in a list of fixed room. Written by one thread at a time
/// for each node, read by anyone meanwhile: a reader sees old and new neighbours mixed, which are nodes all the same.

#include <abi/memory/buffer.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

namespace libabi::vdb {

inline constexpr std::uint32_t no_node = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t most_degree = 128;

class Layer {
 public:
  /// Room for nodes 0 .. capacity - 1, all without neighbours. Errors: exhausted.
  static Result<Layer> create(std::size_t capacity, std::uint32_t degree, memory::MemoryAccount& account) {
    Layer layer;
    layer.capacity_ = capacity;
    layer.degree_ = degree;
    ABI_TRY(layer.lists_, memory::Buffer::allocate_pages(capacity * degree * sizeof(std::uint32_t), account));
    return layer;
  }
  /// The same lists with more room. Nobody writes to this one meanwhile. Errors: exhausted.
  Result<Layer> grown(std::size_t capacity, memory::MemoryAccount& account) const {
    ABI_TRY(Layer layer, create(capacity, degree_, account));
    if (lists_.size() != 0) std::memcpy(layer.lists_.data(), lists_.data(), lists_.size());
    return layer;
  }

  std::size_t capacity() const noexcept { return capacity_; }
  std::uint32_t degree() const noexcept { return degree_; }

  /// The first cache line of a node's list.
  const void* address(std::uint32_t node) const noexcept { return list(node); }

  /// The neighbours of a node are written to `to`, which has room for degree(); returns how many there are.
  std::uint32_t read(std::uint32_t node, std::uint32_t* to) const noexcept {
    std::uint32_t* const from = list(node);
    std::uint32_t count = 0;
    for (; count < degree_; ++count) {
      // What a neighbour's row says was written before the edge to it: acquire, and release below.
      const std::uint32_t stored = std::atomic_ref(from[count]).load(std::memory_order_acquire);
      if (stored == 0) break;
      to[count] = stored - 1;
    }
    return count;
  }

  /// At most degree() neighbours.
  void write(std::uint32_t node, std::span<const std::uint32_t> neighbours) noexcept {
    std::uint32_t* const to = list(node);
    for (std::uint32_t i = 0; i < degree_; ++i)
      std::atomic_ref(to[i]).store(i < neighbours.size() ? neighbours[i] + 1 : 0, std::memory_order_release);
  }

 private:
  // Stored numbers are one more than the node's, so that memory as the system gives it is a layer without edges.
  std::uint32_t* list(std::uint32_t node) const noexcept {
    return const_cast<std::uint32_t*>(reinterpret_cast<const std::uint32_t*>(lists_.data())) +
           static_cast<std::size_t>(node) * degree_;
  }

  std::size_t capacity_ = 0;
  std::uint32_t degree_ = 0;
  memory::Buffer lists_;
};

}  // namespace libabi::vdb
