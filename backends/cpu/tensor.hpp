#pragma once
/// Weights and states as the CPU holds them.

#include <abi/compute/device.hpp>
#include <abi/memory/buffer.hpp>
#include <abi/quant/kernels.hpp>
#include <abi/task/scheduler.hpp>

namespace libabi::backends::cpu {

/// What is done with a tensor's bytes.
enum class Layout : std::uint8_t {
  as_given,  ///< used where they are, row after row in their format
  decoded,   ///< small weights that are not f32, decoded to f32 (norms, biases)
  packed,    ///< panels of a MatrixKernel, plane after plane
};

/// How a weight of this description and use is held; a function of the two and of the kernels alone.
struct Holding {
  Layout layout = Layout::as_given;
  const quant::MatrixKernel* kernel = nullptr;  ///< of a matrix; null where its rows are decoded before they are multiplied
  std::uint64_t row_bytes = 0;                  ///< as held; of packed ones, as given
  std::uint64_t plane_bytes = 0;                ///< as held
  std::uint64_t own_bytes = 0;
};
/// Errors: invalid_argument (columns that the format cannot hold, a size that overflows).
Result<Holding> holding(const compute::TensorDesc& weight, compute::Op use, const quant::Kernels& kernels);

/// Bytes, the caller's or its own.
class Tensor final : public compute::DeviceTensor {
 public:
  static Result<std::unique_ptr<Tensor>> prepare(const compute::TensorDesc& weight, compute::Op use,
                                                 std::span<const std::byte> bytes, const quant::Kernels& kernels,
                                                 task::Scheduler& scheduler, memory::MemoryAccount& account);
  static Result<std::unique_ptr<Tensor>> make_state(const compute::TensorDesc& state, memory::MemoryAccount& account);

  std::uint64_t owned_bytes() const noexcept override { return own_.size(); }

  quant::FormatId format() const noexcept { return format_; }  ///< of the file; f32 where it was decoded
  const compute::Shape& shape() const noexcept { return shape_; }
  const Holding& held() const noexcept { return held_; }
  const std::byte* data() const noexcept { return data_; }
  std::byte* writable() noexcept { return own_.data(); }  ///< of a state

 private:
  Tensor(const compute::TensorDesc& desc, const Holding& held) : format_(desc.format), shape_(desc.shape), held_(held) {}
  quant::FormatId format_;
  compute::Shape shape_;
  Holding held_;
  memory::Buffer own_;
  const std::byte* data_ = nullptr;
};

}  // namespace libabi::backends::cpu
