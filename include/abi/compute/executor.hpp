#pragma once

#include <abi/compute/device.hpp>
#include <abi/compute/memory_plan.hpp>
#include <abi/memory/buffer.hpp>

namespace libabi::compute {

/// A graph with its memory on a device, ready to run. Not thread-safe; several executors may share weights. Nodes that
/// the device does not support make create() fail with `unsupported`, which names them.
class ABI_API Executor {
 public:
  /// Takes plan and workspace from `account`. `device` must outlive the executor.
  static Result<Executor> create(Graph graph, Device& device, memory::MemoryAccount& account);
  /// What create() would take.
  static Result<std::uint64_t> required_bytes(const Graph& graph, const Device& device);

  const Graph& graph() const noexcept { return graph_; }
  /// Binds a weight or state; all must be bound before run(). Errors: not_found, invalid_argument (another role).
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

  /// Errors: invalid_argument (counts past the graph's), failed_precondition (something is not bound), and Device::run's.
  Result<void> run(const RunShape& shape, const task::StopToken& stop = {});

 private:
  std::span<std::byte> place(TensorId id) noexcept;
  Graph graph_;
  Device* device_ = nullptr;
  MemoryPlan plan_;
  memory::Buffer memory_;
  memory::Buffer workspace_;
  Bindings bindings_;
};

}  // namespace libabi::compute
