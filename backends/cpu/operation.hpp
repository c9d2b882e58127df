#pragma once
/// What the CPU knows about an operation: one descriptor each, defined in op/<name>.cpp and step/<name>.cpp.

#include "kernels/kernels.hpp"
#include "tensor.hpp"

#include <abi/compute/device.hpp>
#include <abi/quant/kernels.hpp>
#include <abi/simd/kernels.hpp>

#include <atomic>

namespace libabi::backends::cpu {

using compute::Graph;
using compute::no_tensor;
using compute::Node;
using compute::TensorId;

/// The kernels of one instruction set.
struct KernelTables {
  const simd::Kernels& simd;
  const quant::Kernels& quant;
  const Kernels& cpu;
};

inline constexpr std::uint32_t no_region = 0xffffffff;

/// A place in the workspace that one step writes and others read: a quantised input, the cosines of rope. Like a tensor,
/// with rows that may be dynamic; `shape.columns` are bytes.
struct Region {
  compute::Shape shape;
  std::uint32_t first_step = 0, last_step = 0;  ///< from the step that writes it to the last that reads it
  std::uint64_t offset = 0;
};

struct Operation;

/// One node of the graph, or something that several nodes share and that is done once before the first of them.
struct Step {
  const Operation* operation = nullptr;
  std::uint32_t node = 0;  ///< of a shared step: the first node that wanted it
  std::uint32_t writes = no_region;
  std::array<std::uint32_t, 2> reads{no_region, no_region};
};

/// Collects steps while a schedule is made.
class Planner {
 public:
  Planner(const Graph& planned, const KernelTables& tables) : graph(planned), kernels(tables) {}
  /// The region that `maker` writes for `node`, by an earlier step that does the same or by a new one before this.
  std::uint32_t shared(const Operation& maker, std::uint32_t node, const compute::Shape& shape);
  void add(const Operation& operation, std::uint32_t node);

  const Graph& graph;
  const KernelTables& kernels;
  std::vector<Step> steps;
  std::vector<Region> regions;
};

/// A tensor of a run: rows of `format`, `row_bytes` apart.
struct View {
  std::byte* data = nullptr;
  std::size_t row_bytes = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  quant::FormatId format = quant::FormatId::f32;

  std::byte* bytes(std::int64_t row) const noexcept { return data + static_cast<std::size_t>(row) * row_bytes; }
  float* floats(std::int64_t row) const noexcept { return reinterpret_cast<float*>(bytes(row)); }
  std::int32_t* ids(std::int64_t row) const noexcept { return reinterpret_cast<std::int32_t*>(bytes(row)); }
};

/// What all members share in a run.
struct Run {
  const Graph& graph;
  const compute::Bindings& bindings;
  const compute::RunShape& shape;
  const KernelTables& kernels;
  std::span<const Region> regions;
  std::byte* workspace;

  std::int64_t rows(TensorId id) const noexcept { return compute::rows_of(graph.tensor(id).shape, shape); }
  View view(TensorId id) const noexcept;
  View region(std::uint32_t index) const noexcept;
  const Tensor& weight(TensorId id) const noexcept { return static_cast<const Tensor&>(*bindings.tensors[id]); }
};

/// Counters that hand out pieces of one step. Zero before the step begins.
struct alignas(64) Claims {
  static constexpr unsigned shares = 16;
  std::atomic<std::uint32_t> taken[shares];
};

/// One member's part in one step.
struct Call {
  const Run& run;
  const Step& step;
  const Node& node;
  unsigned member;
  unsigned members;  ///< 1 where one member does the whole step
  Claims* claims;
  std::byte* scratch;         ///< this member's, of Operation::scratch_bytes
  std::atomic<bool>* failed;  ///< set where values cannot be stored
  /// Rows and columns of the output that are this member's, where the operation is split by rows or elements.
  std::int64_t row_begin = 0, row_end = 0, column_begin = 0, column_end = 0;

  View input(std::size_t i) const noexcept { return run.view(node.inputs[i]); }
  View output() const noexcept { return run.view(node.output); }
  bool has(std::size_t i) const noexcept { return node.inputs[i] != no_tensor; }
  const compute::TensorDesc& desc(std::size_t i) const noexcept { return run.graph.tensor(node.inputs[i]); }
  template <class T>
  const T& attributes() const {
    return std::get<T>(node.attributes);
  }
  /// Calls `work(item)` for items that no other member has. A member begins in a share of its own, whose items follow each
  /// other in memory, and goes on in those of slower members.
  template <class Work>
  void claim(std::int64_t items, Work&& work) const {
    const auto shares = static_cast<std::int64_t>(members < Claims::shares ? members : Claims::shares);
    for (std::int64_t i = 0; i < shares; ++i) {
      const std::int64_t share = (member + i) % shares;
      const std::int64_t begin = items * share / shares, count = items * (share + 1) / shares - begin;
      for (;;) {
        const std::int64_t taken = claims->taken[share].fetch_add(1, std::memory_order_relaxed);
        if (taken >= count) break;
        work(begin + taken);
      }
    }
  }
};

/// How members share a step.
enum class Split : std::uint8_t {
  rows,      ///< each has some rows of the output
  elements,  ///< likewise, or columns where there are fewer rows than members
  claims,    ///< the operation hands out pieces itself, by Call::claim or by Call::member
};

struct Operation {
  Split split = Split::rows;
  /// Row i of the output needs of the inputs that change in a run (and regions) row i alone.
  bool by_row = true;
  /// What there is to refuse beyond the rules of the graph; null: nothing.
  bool (*supports)(const Graph& graph, const Node& node) = nullptr;
  /// Ids and positions, before anything is run. Errors: out_of_range. Null: there are none.
  Result<void> (*check)(const Run& run, const Node& node) = nullptr;
  /// Asks for the regions it reads. Null: none.
  void (*plan)(Planner& planner, std::uint32_t node, Step& step) = nullptr;
  /// For what Planner::shared() is asked: whether two nodes want the same.
  bool (*same)(const Graph& graph, const Node& a, const Node& b) = nullptr;
  /// Scratch of each member at the greatest shape. Null: none.
  std::uint64_t (*scratch_bytes)(const Graph& graph, const Node& node, const KernelTables& kernels) = nullptr;
  /// About how long one member would take, to tell steps that are worth a barrier. By row times and elements of the output
  /// where null.
  double (*nanoseconds)(const Run& run, const Node& node) = nullptr;
  double element_ns = 0.1;
  void (*run)(const Call& call) = nullptr;
};

const Operation& operation_of(compute::Op op) noexcept;

/// Whether the same positions give the same angles.
bool same_rotation(const compute::RopeAttributes& a, const compute::RopeAttributes& b) noexcept;

namespace operation {
#define ABI_OP(name) extern const Operation name;
#include <abi/compute/ops.def>
#undef ABI_OP
}  // namespace operation

namespace shared_step {
extern const Operation quantize;       ///< an input of matmul as the weight's kernel wants it
extern const Operation rope_table;     ///< cosines, then sines, of a row's position
extern const Operation expert_order;   ///< slots of tokens sorted by their expert
extern const Operation expert_inputs;  ///< rows in that order, as the weight's kernel wants them
}  // namespace shared_step

}  // namespace libabi::backends::cpu
