#include "device.hpp"

#include "bindings.hpp"
#include "run.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>

#include <unistd.h>

namespace libabi::backends::cpu {

using compute::DeviceTensor;
using compute::Op;
using compute::TensorDesc;

namespace {

std::uint64_t pages_bytes(int pages) noexcept {
  const long count = sysconf(pages), page_bytes = sysconf(_SC_PAGESIZE);
  return count > 0 && page_bytes > 0 ? static_cast<std::uint64_t>(count) * static_cast<std::uint64_t>(page_bytes) : 0;
}

/// What Linux would give, the page cache that it can drop included; 0 where it does not say.
std::uint64_t available_bytes() noexcept {
  std::FILE* file = std::fopen("/proc/meminfo", "re");
  if (!file) return 0;
  constexpr std::string_view key = "MemAvailable:";
  std::uint64_t kilobytes = 0;
  for (char line[128]; kilobytes == 0 && std::fgets(line, sizeof line, file);) {
    std::string_view text = line;
    if (!text.starts_with(key)) continue;
    text.remove_prefix(std::min(text.find_first_not_of(' ', key.size()), text.size()));
    std::from_chars(text.data(), text.data() + text.size(), kilobytes);
  }
  std::fclose(file);
  return kilobytes * 1024;
}

}  // namespace

std::string Device::description() const {
  const unsigned threads = machine_.members;
  return format("{}, {} {}", simd::name(machine_.kernels.simd.isa), threads, threads == 1 ? "thread" : "threads");
}

compute::DeviceMemory Device::memory() const noexcept {
  const std::uint64_t free_bytes = pages_bytes(_SC_AVPHYS_PAGES);
  return {.total_bytes = pages_bytes(_SC_PHYS_PAGES), .free_bytes = std::max(free_bytes, available_bytes())};
}

bool Device::supports(const Graph& graph, const Node& node) const noexcept {
  const auto check = operation_of(node.op).supports;
  return check == nullptr || check(graph, node);
}

Result<std::uint64_t> Device::prepared_bytes(const TensorDesc& weight, Op use) const {
  return boundary([&]() -> Result<std::uint64_t> {
    ABI_TRY(const Holding held, holding(weight, use, machine_.kernels.quant));
    return held.own_bytes;
  });
}

Result<std::unique_ptr<DeviceTensor>> Device::prepare(const TensorDesc& weight, Op use, std::span<const std::byte> bytes,
                                                      memory::MemoryAccount& account) {
  return boundary([&]() -> Result<std::unique_ptr<DeviceTensor>> {
    return Tensor::prepare(weight, use, bytes, machine_.kernels.quant, scheduler_, account);
  });
}

Result<std::unique_ptr<DeviceTensor>> Device::make_state(const TensorDesc& state, memory::MemoryAccount& account) {
  return boundary([&]() -> Result<std::unique_ptr<DeviceTensor>> { return Tensor::make_state(state, account); });
}

Result<std::uint64_t> Device::workspace_bytes(const Graph& graph) const {
  return boundary([&]() -> Result<std::uint64_t> {
    ABI_TRY(const Schedule schedule, make_schedule(graph, machine_.kernels, machine_.members));
    return schedule.workspace_bytes;
  });
}

Result<void> Device::run(const Graph& graph, const compute::Bindings& bindings, std::span<std::byte> workspace,
                         const compute::RunShape& shape, const task::StopToken& stop) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(check_shape(graph, shape));
    ABI_TRY(check_bindings(graph, bindings, machine_.kernels.quant));
    ABI_TRY(const auto program, programs_.find_or_make(graph, bindings, shape, machine_, workspace.data()));
    if (workspace.size() < program->schedule().workspace_bytes)
      return error(ErrorCode::invalid_argument, "the workspace has {} bytes, the graph needs {}", workspace.size(),
                   program->schedule().workspace_bytes);
    const Run run{graph, bindings, shape, machine_.kernels, program->schedule().regions, workspace.data()};
    for (const Node& node : graph.nodes())
      if (const auto check = operation_of(node.op).check) ABI_TRY(check(run, node));
    return run_program(*program, run, scheduler_, stop);
  });
}

}  // namespace libabi::backends::cpu
