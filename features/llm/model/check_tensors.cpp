#include "model/check_tensors.hpp"

#include <abi/task/parallel.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>

namespace libabi::llm {

namespace {

constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t chunk = 4096;  // elements decoded at once: a multiple of every block length, 16 KiB of stack

/// The first element in [begin, end) that is not finite, else `none`; both are multiples of the block length.
std::uint64_t first_bad(const quant::Format& format, std::span<const std::byte> bytes, std::uint64_t begin, std::uint64_t end) {
  std::array<float, chunk> values;
  while (begin < end) {
    const std::uint64_t n = std::min<std::uint64_t>(chunk, end - begin);
    format.decode(bytes.data() + begin / format.block_length * format.block_bytes, values.data(), n);
    for (std::uint64_t i = 0; i < n; ++i)
      if (!std::isfinite(values[i])) return begin + i;
    begin += n;
  }
  return none;
}

Result<void> check(const GgufFile& file, const GgufTensor& tensor, task::Scheduler& scheduler) {
  ABI_TRY(const auto bytes, file.data(tensor));
  if (!tensor.format->decode) return {};
  const std::uint64_t chunks = (tensor.elements + chunk - 1) / chunk;
  std::atomic<std::uint64_t> bad{none};
  const auto look = [&](std::size_t from, std::size_t to) {
    if (from * chunk > bad.load(std::memory_order_relaxed)) return;
    const std::uint64_t found =
        first_bad(*tensor.format, bytes, from * chunk, std::min<std::uint64_t>(to * chunk, tensor.elements));
    std::uint64_t known = bad.load(std::memory_order_relaxed);
    while (found < known && !bad.compare_exchange_weak(known, found, std::memory_order_relaxed)) {
    }
  };
  ABI_TRY(task::parallel_for(scheduler, 0, chunks, look, {.grain = 16}));
  const std::uint64_t at = bad.load(std::memory_order_relaxed);
  if (at == none) return {};
  std::array<float, chunk> values;
  const std::uint64_t block = at / tensor.format->block_length;
  tensor.format->decode(bytes.data() + block * tensor.format->block_bytes, values.data(), tensor.format->block_length);
  return error(ErrorCode::failed_precondition, "tensor '{}' holds {} at element {}", tensor.name,
               values[at % tensor.format->block_length], at);
}

}  // namespace

std::uint64_t checked_bytes(const GgufFile& file) {
  std::uint64_t bytes = 0;
  for (const GgufTensor& tensor : file.tensors()) bytes += tensor.bytes;
  return bytes;
}

Result<void> check_tensors(const GgufFile& file, task::Scheduler& scheduler, LoadProgress& progress) {
  for (const GgufTensor& tensor : file.tensors()) {
    ABI_TRY(check(file, tensor, scheduler));
    file.done_with(tensor);
    ABI_TRY(progress.add(tensor.bytes));
  }
  return {};
}

}  // namespace libabi::llm
