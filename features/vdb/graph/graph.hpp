#pragma once
/// A hierarchical navigable graph over codes (Malkov and Yashunin, TPAMI 2020): a base layer with a node for every row, whose
/// numbers are the same, and above it layers of ever fewer nodes, where a walk finds its way into the right region.
///
/// Every node of the base layer but one has a parent: an older node, whose list holds it and is never rid of it. So a walk can
/// reach every node, however many edges were chosen anew since.
///
/// Rows are added in batches. The nodes of one look for their neighbours in the graph as it was before, in parallel, and are then
/// joined to it, each list by one thread (ParlayANN: Manohar et al., PPoPP 2024): the graph does not depend on threads.

#include "codec/codec.hpp"
#include "graph/choose.hpp"
#include "graph/layer.hpp"
#include "graph/scratch_pool.hpp"

#include <abi/task/scheduler.hpp>

#include <array>
#include <atomic>
#include <optional>
#include <span>
#include <vector>

namespace libabi::vdb {

struct GraphOptions {
  std::uint32_t degree = 32;
  std::uint32_t build_beam = 64;
  float slack = 1.2F;
};

/// A layer above the base. Nodes are numbered by themselves, in the order in which they came.
struct UpperLayer {
  Layer layer;
  memory::Buffer rows;   ///< of each node, u32
  memory::Buffer below;  ///< of each node, its node in the layer below, u32
  std::vector<std::uint32_t> free;
  std::uint32_t used = 0;  ///< numbers given out so far

  std::uint32_t* row() const noexcept { return reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(rows.data())); }
  std::uint32_t* down() const noexcept { return reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(below.data())); }
};

class Graph {
 public:
  Graph(const GraphOptions& options, memory::MemoryAccount& account, task::Scheduler& scheduler)
      : options_(options), account_(account), scheduler_(scheduler) {}

  /// Room for rows below `capacity`. Nobody reads meanwhile. Errors: exhausted (as before then). Throws bad_alloc.
  Result<void> grow(std::size_t capacity);
  std::size_t capacity() const noexcept { return base_.capacity(); }

  /// Adds rows whose codes are there. All or nothing. Errors: exhausted. Throws bad_alloc. One caller at a time.
  Result<void> add(const Codes& codes, std::span<const std::uint32_t> rows);
  /// No edge leads to the rows whose bits `dead` has, when this returns; their neighbours are joined anew. The codes are still
  /// there, and walks that are under way may still see them. All or nothing. Errors: exhausted. Throws bad_alloc.
  Result<void> detach(const Codes& codes, std::span<const std::uint64_t> dead);
  /// And then, while nobody walks: they are no nodes any more.
  void forget(std::span<const std::uint64_t> dead) noexcept;

  bool empty() const noexcept { return entry_.load(std::memory_order_acquire) == nowhere; }
  /// Where a walk in the base layer begins: the end of a descent through the layers above, and the root of the tree of parents.
  /// The graph was not empty when the caller looked.
  std::array<std::uint32_t, 2> entries(const Codes& codes, const PreparedQuery& query, Scratch& scratch) const noexcept;
  const Layer& base() const noexcept { return base_; }

  std::size_t layers() const noexcept;
  std::uint64_t memory_bytes() const noexcept;
  std::size_t nodes() const noexcept { return count_.load(std::memory_order_relaxed); }
  double mean_degree() const noexcept;
  /// Nodes of the base layer that can be reached from the root: all, unless this is broken. Throws bad_alloc.
  std::size_t reachable() const;

 private:
  static constexpr std::size_t most_upper = 7;
  static constexpr std::uint32_t layer_ratio = 16;  // a layer has this many times the nodes of the one above
  static constexpr std::uint64_t nowhere = ~std::uint64_t{0};

  /// A row of the batch, and its node in each of its layers.
  struct Joining {
    std::uint32_t row = 0;
    std::uint32_t height = 0;  ///< layers above the base that it is in
    std::array<std::uint32_t, most_upper + 1> node{};
  };
  struct Edge {
    std::uint32_t to = 0;
    std::uint32_t from = 0;
    friend auto operator<=>(const Edge&, const Edge&) = default;
  };

  // An entry is the number of layers above the base, and a node of the highest.
  static std::uint64_t entry_of(std::size_t upper, std::uint32_t node) noexcept { return std::uint64_t{upper} << 32 | node; }
  static std::size_t upper_of(std::uint64_t entry) noexcept { return static_cast<std::size_t>(entry >> 32); }
  static std::uint32_t node_of(std::uint64_t entry) noexcept { return static_cast<std::uint32_t>(entry); }

  Layer& layer(std::size_t level) noexcept { return level == 0 ? base_ : upper_[level - 1]->layer; }
  const std::uint32_t* rows_of(std::size_t level) const noexcept { return level == 0 ? nullptr : upper_[level - 1]->row(); }
  std::uint32_t degree_of(std::size_t level) const noexcept { return level == 0 ? options_.degree : options_.degree / 2; }
  // A node is there where it has a parent or is the root.
  std::uint32_t& parent(std::uint32_t row) const noexcept {
    return reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(parents_.data()))[row];
  }
  std::uint8_t& children(std::uint32_t row) const noexcept {
    return reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(children_.data()))[row];
  }

  // add.cpp
  Result<void> prepare_to_build(const Codes& codes, std::size_t batch);
  void add_batch(const Codes& codes, std::span<const std::uint32_t> rows);
  void place(std::span<const std::uint32_t> rows) noexcept;
  void look_around(const Codes& codes, const Joining& joining, Scratch& scratch);
  void adopt(const Joining& joining) noexcept;
  void join(const Codes& codes, std::size_t level);
  void join_one(const Codes& codes, std::size_t level, std::span<const Edge> edges, Scratch& scratch) noexcept;
  void raise(std::uint32_t row) noexcept;
  // remove.cpp
  struct Tree;
  void repair(const Codes& codes, std::size_t level, std::span<const std::uint64_t> dead);
  void repair_one(const Codes& codes, std::size_t level, std::uint32_t node, std::span<const std::uint64_t> dead,
                  Scratch& scratch) noexcept;
  void choose_entry(std::span<const std::uint64_t> dead) noexcept;
  void plant(const Codes& codes, Tree& tree, std::span<const std::uint64_t> dead);
  void explore(Tree& tree, std::uint32_t from) noexcept;
  void attach(const Codes& codes, Tree& tree, std::uint32_t row, Scratch& scratch);
  void balance(const Tree& tree) noexcept;

  GraphOptions options_;
  memory::MemoryAccount& account_;
  task::Scheduler& scheduler_;
  Layer base_;
  memory::Buffer parents_;   ///< of each row, u32, one more than it; 0 for the oldest
  memory::Buffer children_;  ///< of each row, how many have it as their parent, u8
  std::array<std::optional<UpperLayer>, most_upper> upper_;
  std::atomic<std::uint64_t> entry_{nowhere};
  std::atomic<std::uint32_t> root_{no_node};
  std::atomic<std::size_t> count_{0};
  std::uint32_t raised_ = no_node;  ///< a row of the batch that is to begin a new layer
  // Of the one that builds.
  ScratchPool scratches_;
  std::vector<Joining> joining_;
  std::vector<Edge> edges_;
  std::vector<std::size_t> groups_;
};

}  // namespace libabi::vdb
