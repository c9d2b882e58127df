#pragma once

#include "schedule.hpp"

#include <mutex>

namespace libabi::backends::cpu {

/// How a step is carried out in runs of some shape.
enum class Mode : std::uint8_t {
  solo,     ///< by member 0; not worth a barrier
  rows,     ///< each member takes rows row_begin to row_end
  columns,  ///< each member takes columns
  claims,   ///< as the operation shares it
};

struct Move {
  Mode mode = Mode::solo;
  bool barrier = false;  ///< members meet before it
};

/// What carries out programs.
struct Machine {
  KernelTables kernels;
  unsigned members;
  /// A step that takes one member less is done by one. Sharing saves at most half of it between two, and may cost two
  /// barriers, each a microsecond when a member comes late.
  double solo_ns = 2000;
};

/// The schedule of a graph with barriers where a step touches what another member may still read or write since the last
/// one. Immutable; a function of what it was made from, which matches() compares.
class Program {
 public:
  /// Where the workspace stands does not matter afterwards: its regions meet none but each other.
  static Result<std::shared_ptr<const Program>> make(const Graph& graph, const compute::Bindings& bindings,
                                                     const compute::RunShape& shape, const Machine& machine,
                                                     std::byte* workspace);
  bool matches(const Graph& graph, const compute::Bindings& bindings, const compute::RunShape& shape) const noexcept;

  const Schedule& schedule() const noexcept { return schedule_; }
  std::span<const Move> moves() const noexcept { return moves_; }  ///< by step

 private:
  struct TensorKind {
    quant::FormatId format;
    compute::Role role;
    compute::Shape shape;
  };
  Schedule schedule_;
  std::vector<Move> moves_;
  std::vector<Node> nodes_;
  std::vector<TensorKind> kinds_;
  compute::Bindings bindings_;
  compute::RunShape shape_;
};

/// The programs used last: generation and prompt of several executors. Thread-safe.
class ProgramCache {
 public:
  Result<std::shared_ptr<const Program>> find_or_make(const Graph& graph, const compute::Bindings& bindings,
                                                      const compute::RunShape& shape, const Machine& machine,
                                                      std::byte* workspace);

 private:
  static constexpr std::size_t most = 16;  // each is some 100 bytes a node
  std::mutex mutex_;
  std::vector<std::shared_ptr<const Program>> programs_;  // the last used first
};

/// The rows or columns that member `member` of `members` has of `count`, in whole `granularity` units.
struct Range {
  std::int64_t begin = 0, end = 0;
};
constexpr Range share_of(std::int64_t count, unsigned member, unsigned members, std::int64_t granularity = 1) noexcept {
  const std::int64_t units = (count + granularity - 1) / granularity;
  const std::int64_t begin = units * member / members * granularity, end = units * (member + 1) / members * granularity;
  return {begin < count ? begin : count, end < count ? end : count};
}

}  // namespace libabi::backends::cpu
