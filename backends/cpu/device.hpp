#pragma once

#include "program.hpp"

namespace libabi::backends::cpu {

/// The processors of a scheduler as one device.
class Device final : public compute::Device {
 public:
  /// `scheduler` must outlive it.
  Device(task::Scheduler& scheduler, const KernelTables& kernels)
      : scheduler_(scheduler), machine_{.kernels = kernels, .members = scheduler.threads()} {}
  /// With another limit for what one member does alone; tests set it to 0, so that everything is shared.
  Device(task::Scheduler& scheduler, const KernelTables& kernels, double solo_ns) : Device(scheduler, kernels) {
    machine_.solo_ns = solo_ns;
  }

  std::string_view name() const noexcept override { return "cpu"; }
  std::string description() const override;
  compute::DeviceMemory memory() const noexcept override;
  bool supports(const Graph& graph, const Node& node) const noexcept override;
  Result<std::uint64_t> prepared_bytes(const compute::TensorDesc& weight, compute::Op use) const override;
  Result<std::unique_ptr<compute::DeviceTensor>> prepare(const compute::TensorDesc& weight, compute::Op use,
                                                         std::span<const std::byte> bytes,
                                                         memory::MemoryAccount& account) override;
  Result<std::unique_ptr<compute::DeviceTensor>> make_state(const compute::TensorDesc& state,
                                                            memory::MemoryAccount& account) override;
  Result<std::uint64_t> workspace_bytes(const Graph& graph) const override;
  Result<void> run(const Graph& graph, const compute::Bindings& bindings, std::span<std::byte> workspace,
                   const compute::RunShape& shape, const task::StopToken& stop) override;

 private:
  task::Scheduler& scheduler_;
  Machine machine_;
  ProgramCache programs_;
};

}  // namespace libabi::backends::cpu
