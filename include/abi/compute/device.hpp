#pragma once
/// What a backend gives: memory, weights in the layout it wants, and slices of graphs carried out.

#include <abi/compute/graph.hpp>
#include <abi/memory/account.hpp>
#include <abi/task/stop.hpp>

#include <memory>

namespace libabi::compute {

/// The row counts of one run.
struct RunShape {
  std::int64_t tokens = 0;   ///< rows of tensors that are Rows::tokens
  std::int64_t outputs = 0;  ///< rows of tensors that are Rows::outputs
  std::int64_t cached = 0;   ///< cells of states that attention looks at
};
/// The rows that a tensor of this shape has in such a run.
constexpr std::int64_t rows_of(const Shape& shape, const RunShape& run) noexcept {
  return shape.dynamic == Rows::fixed ? shape.rows : shape.dynamic == Rows::tokens ? run.tokens : run.outputs;
}

/// A weight or state as a device holds it. Immutable for weights; owned by the caller, outlives its executors.
class ABI_API DeviceTensor {
 public:
  virtual ~DeviceTensor();
  /// Bytes of memory of its own (0: it stands in the bytes that were given).
  virtual std::uint64_t owned_bytes() const noexcept = 0;
};

/// Where the tensors of one executor stand; index is TensorId.
struct Bindings {
  std::vector<DeviceTensor*> tensors;  ///< weights and states; null elsewhere
  std::vector<std::byte*> places;      ///< inputs and intermediates in host-visible memory; null elsewhere
};

struct DeviceMemory {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
};

/// A device. Thread-safe: run() calls from several threads take turns.
class ABI_API Device {
 public:
  virtual ~Device();
  virtual std::string_view name() const noexcept = 0;  ///< the backend's name in backends.def
  virtual std::string description() const = 0;         ///< "avx512vnni, 2 threads"
  virtual DeviceMemory memory() const noexcept = 0;
  virtual bool supports(const Graph& graph, const Node& node) const noexcept = 0;

  /// Bytes of its own that prepare() would take for this weight; 0 when it is used where it stands.
  virtual Result<std::uint64_t> prepared_bytes(const TensorDesc& weight, Op use) const = 0;
  /// A weight from its bytes in file layout, which must stay alive as long as the result where owned_bytes() is 0.
  /// `use` is the operation that reads it (Graph::use): get_rows and matmul may want different layouts.
  /// Errors: exhausted, unsupported, invalid_argument.
  virtual Result<std::unique_ptr<DeviceTensor>> prepare(const TensorDesc& weight, Op use, std::span<const std::byte> bytes,
                                                        memory::MemoryAccount& account) = 0;
  /// A zeroed state.
  virtual Result<std::unique_ptr<DeviceTensor>> make_state(const TensorDesc& state, memory::MemoryAccount& account) = 0;

  /// Scratch that run() needs besides the plan, for the greatest shape.
  virtual Result<std::uint64_t> workspace_bytes(const Graph& graph) const = 0;
  /// Carries out all nodes in order. `stop` is looked at between nodes: cancelled. Other errors: out_of_range (an id or
  /// position), unsupported, internal. After an error intermediates hold anything, states keep whole rows.
  virtual Result<void> run(const Graph& graph, const Bindings& bindings, std::span<std::byte> workspace, const RunShape& shape,
                           const task::StopToken& stop) = 0;
};

}  // namespace libabi::compute
