#include "tensor.hpp"

#include <abi/task/parallel.hpp>

#include <algorithm>
#include <memory>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace libabi::backends::cpu {

namespace {

using compute::Op;
using compute::TensorDesc;
using quant::FormatId;

bool is_matrix(Op use) { return use == Op::matmul || use == Op::expert_matmul; }

std::uint64_t panel_count(std::int64_t rows, std::uint32_t panel_rows) {
  return (static_cast<std::uint64_t>(rows) + panel_rows - 1) / panel_rows;
}

std::unexpected<Error> too_large(const TensorDesc& desc) {
  return error(ErrorCode::invalid_argument, "tensor '{}' is {}, whose bytes exceed 64 bits", desc.name, compute::text(desc));
}

/// What the elements of a format must be aligned to; blocks are read byte by byte.
std::size_t alignment_of(FormatId id) {
  const quant::Format& format = quant::format(id);
  return format.block_length == 1 ? format.block_bytes : 1;
}

Result<void> check_bytes(const TensorDesc& weight, std::span<const std::byte> bytes) {
  ABI_TRY(const std::uint64_t expected, compute::tensor_bytes(weight));
  if (bytes.size() != expected)
    return error(ErrorCode::invalid_argument, "tensor '{}' is {}, which has {} bytes, {} are given", weight.name,
                 compute::text(weight), expected, bytes.size());
  const std::size_t alignment = alignment_of(weight.format);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0)
    return error(ErrorCode::invalid_argument, "the bytes of tensor '{}', {}, do not stand at a multiple of {}", weight.name,
                 compute::text(weight), alignment);
  return {};
}

/// Asks for large pages before the memory is first touched: a pass over all weights then misses the page tables a few
/// hundred times a gigabyte instead of a quarter of a million times. Small buffers would only be rounded up.
void want_large_pages(memory::Buffer& buffer) {
#if defined(__linux__)
  constexpr std::size_t large = 2 << 20;
  void* first = buffer.data();
  std::size_t bytes = buffer.size();
  if (std::align(large, large, first, bytes)) static_cast<void>(madvise(first, bytes / large * large, MADV_HUGEPAGE));
#endif
}

/// Packs all panels of all planes, each by whoever is free.
Result<void> pack(const TensorDesc& weight, const Holding& held, const std::byte* from, std::byte* to,
                  task::Scheduler& scheduler) {
  const quant::MatrixKernel& kernel = *held.kernel;
  const auto columns = static_cast<std::size_t>(weight.shape.columns), rows = static_cast<std::size_t>(weight.shape.rows);
  const std::size_t panels = panel_count(weight.shape.rows, kernel.panel_rows);
  const std::uint64_t panel_bytes = kernel.panel_bytes(columns);
  constexpr std::size_t worth_a_claim_bytes = 1 << 18;
  const std::size_t grain = worth_a_claim_bytes / panel_bytes + 1;
  return task::parallel_for(scheduler, 0, panels * static_cast<std::size_t>(weight.shape.planes),
                            [&](std::size_t begin, std::size_t end) {
                              for (std::size_t i = begin; i < end; ++i) {
                                const std::size_t plane = i / panels, first = i % panels * kernel.panel_rows;
                                const std::size_t count = std::min<std::size_t>(kernel.panel_rows, rows - first);
                                kernel.pack(from + (plane * rows + first) * held.row_bytes, held.row_bytes, count, columns,
                                            to + i * panel_bytes);
                              }
                            },
                            {.grain = grain});
}

void decode(const TensorDesc& weight, std::uint64_t given_row_bytes, const std::byte* from, std::byte* to) {
  const quant::Format& format = quant::format(weight.format);
  const auto columns = static_cast<std::size_t>(weight.shape.columns);
  for (std::int64_t row = 0; row < weight.shape.planes * weight.shape.rows; ++row, from += given_row_bytes)
    format.decode(from, reinterpret_cast<float*>(to) + static_cast<std::size_t>(row) * columns, columns);
}

}  // namespace

Result<Holding> holding(const TensorDesc& weight, Op use, const quant::Kernels& kernels) {
  const quant::Format& format = quant::format(weight.format);
  if (format.decode == nullptr)
    return error(ErrorCode::unsupported, "weight '{}' is {}, expected a format of reals", weight.name, compute::text(weight));
  Holding held;
  ABI_TRY(held.row_bytes, quant::row_bytes(format, static_cast<std::uint64_t>(weight.shape.columns)));
  held.plane_bytes = held.row_bytes * static_cast<std::uint64_t>(weight.shape.rows);
  if (is_matrix(use)) {
    held.kernel = kernels.matrix[static_cast<std::size_t>(weight.format)];
    if (!held.kernel || !held.kernel->packed) return held;
    held.layout = Layout::packed;
    const std::uint64_t panel_bytes = held.kernel->panel_bytes(static_cast<std::size_t>(weight.shape.columns));
    if (__builtin_mul_overflow(panel_count(weight.shape.rows, held.kernel->panel_rows), panel_bytes, &held.plane_bytes) ||
        __builtin_mul_overflow(held.plane_bytes, static_cast<std::uint64_t>(weight.shape.planes), &held.own_bytes))
      return too_large(weight);
  } else if (use != Op::get_rows && weight.format != FormatId::f32) {
    held.layout = Layout::decoded;
    TensorDesc decoded = weight;
    decoded.format = FormatId::f32;
    ABI_TRY(held.own_bytes, compute::tensor_bytes(decoded));
    held.row_bytes = static_cast<std::uint64_t>(weight.shape.columns) * sizeof(float);
    held.plane_bytes = held.row_bytes * static_cast<std::uint64_t>(weight.shape.rows);
  }
  return held;
}

Result<std::unique_ptr<Tensor>> Tensor::prepare(const TensorDesc& weight, Op use, std::span<const std::byte> bytes,
                                                const quant::Kernels& kernels, task::Scheduler& scheduler,
                                                memory::MemoryAccount& account) {
  ABI_TRY(const Holding held, holding(weight, use, kernels));
  ABI_TRY(check_bytes(weight, bytes));
  std::unique_ptr<Tensor> tensor(new Tensor(weight, held));
  tensor->data_ = bytes.data();
  if (held.layout == Layout::as_given) return tensor;
  ABI_TRY(tensor->own_, memory::Buffer::allocate(held.own_bytes, account));
  tensor->data_ = tensor->own_.data();
  if (held.layout == Layout::packed) {
    want_large_pages(tensor->own_);
    ABI_TRY(pack(weight, held, bytes.data(), tensor->own_.data(), scheduler));
  } else {
    ABI_TRY(const std::uint64_t given_row_bytes,
            quant::row_bytes(quant::format(weight.format), static_cast<std::uint64_t>(weight.shape.columns)));
    decode(weight, given_row_bytes, bytes.data(), tensor->own_.data());
    tensor->format_ = FormatId::f32;
  }
  return tensor;
}

Result<std::unique_ptr<Tensor>> Tensor::make_state(const TensorDesc& state, memory::MemoryAccount& account) {
  const quant::Format& format = quant::format(state.format);
  if (format.decode == nullptr)
    return error(ErrorCode::unsupported, "state '{}' is {}, expected a format of reals", state.name, compute::text(state));
  ABI_TRY(const std::uint64_t bytes, compute::tensor_bytes(state));
  Holding held;
  ABI_TRY(held.row_bytes, quant::row_bytes(format, static_cast<std::uint64_t>(state.shape.columns)));
  held.plane_bytes = held.own_bytes = bytes;
  std::unique_ptr<Tensor> tensor(new Tensor(state, held));
  ABI_TRY(tensor->own_, memory::Buffer::allocate_zeroed(bytes, account));
  tensor->data_ = tensor->own_.data();
  return tensor;
}

}  // namespace libabi::backends::cpu
