#pragma once

#include <abi/compute/device.hpp>

#include <mutex>

namespace libabi::backends::null {

inline constexpr std::string_view description = "no hardware: every operation by its scalar reference";

/// A device without hardware. It looks at everything it is given, supports every operation and runs them by the scalar
/// reference of `compute`: exact and slow, the double of a device in tests and the specification of the others.
class Device final : public compute::Device {
 public:
  std::string_view name() const noexcept override { return "null"; }
  std::string description() const override { return std::string(null::description); }
  /// Bounded by the accounts alone.
  compute::DeviceMemory memory() const noexcept override { return {memory::unlimited, memory::unlimited}; }
  bool supports(const compute::Graph&, const compute::Node&) const noexcept override { return true; }

  Result<std::uint64_t> prepared_bytes(const compute::TensorDesc& weight, compute::Op use) const override;
  Result<std::unique_ptr<compute::DeviceTensor>> prepare(const compute::TensorDesc& weight, compute::Op use,
                                                         std::span<const std::byte> bytes,
                                                         memory::MemoryAccount& account) override;
  Result<std::unique_ptr<compute::DeviceTensor>> make_state(const compute::TensorDesc& state,
                                                            memory::MemoryAccount& account) override;
  Result<std::uint64_t> workspace_bytes(const compute::Graph&) const override { return 0; }
  Result<void> run(const compute::Graph& graph, const compute::Bindings& bindings, std::span<std::byte> workspace,
                   const compute::RunShape& shape, const task::StopToken& stop) override;

 private:
  std::mutex turn_;
};

}  // namespace libabi::backends::null
