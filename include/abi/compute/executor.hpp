#pragma once

#include <abi/compute/device.hpp>
#include <abi/compute/memory_plan.hpp>
#include <abi/memory/buffer.hpp>

namespace libabi::compute {

/// A graph with its memory on a device, ready to run. Not thread-safe; several executors may share weights.
class ABI_API Executor {
 public:
  /// Takes plan and workspace from `account`. `device` and `account` must outlive the executor. Errors: unsupported (names
  /// the nodes that the device does not support), exhausted.
  static Result<Executor> create(Graph graph, Device& device, memory::MemoryAccount& account);
  /// What create() would take.
  static Result<std::uint64_t> required_bytes(const Graph& graph, const Device& device);

  const Graph& graph() const noexcept { return graph_; }
  /// Binds a weight or state; all that are read must be bound before run(). `tensor` must outlive the executor.
  /// Errors: not_found, invalid_argument (another role).
  Result<void> bind(std::string_view name, DeviceTensor& tensor);
  /// Memory of an input, to be filled before run(); rows follow each other.
  template <class T>
  std::span<T> input(TensorId id) noexcept {
    auto b = place(id);
    return {reinterpret_cast<T*>(b.data()), b.size() / sizeof(T)};
  }
  /// Memory of an output after run().
  template <class T>
  std::span<const T> output(TensorId id) const noexcept {
    auto b = const_cast<Executor*>(this)->place(id);
    return {reinterpret_cast<const T*>(b.data()), b.size() / sizeof(T)};
  }

  /// Errors: invalid_argument (counts past the graph's, or none of the cells that attention looks at), failed_precondition
  /// (a weight or state that is read is not bound), and Device::run's.
  Result<void> run(const RunShape& shape, const task::StopToken& stop = {});

 private:
  Executor() = default;
  Result<void> check(const RunShape& shape) const;
  std::span<std::byte> place(TensorId id) noexcept;
  Graph graph_;
  Device* device_ = nullptr;
  MemoryPlan plan_;
  memory::Buffer memory_;
  memory::Buffer workspace_;
  Bindings bindings_;
  RunShape limits_;  // the greatest counts that the graph holds
};

}  // namespace libabi::compute
