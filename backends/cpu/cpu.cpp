#include "backend.hpp"
#include "device.hpp"

#include <abi/base/boundary.hpp>
#include <abi/task/processors.hpp>

namespace libabi::backends {

namespace {

std::string description() { return format("{}, {} processors", simd::name(simd::isa()), task::available_processors()); }

Result<std::unique_ptr<compute::Device>> open(task::Scheduler& scheduler) {
  return boundary([&]() -> Result<std::unique_ptr<compute::Device>> {
    return std::make_unique<cpu::Device>(scheduler, cpu::KernelTables{simd::kernels(), quant::kernels(), cpu::kernels()});
  });
}

}  // namespace

constinit const Backend backend_cpu = {.name = "cpu", .in_build = true, .description = &description, .open = &open};

}  // namespace libabi::backends
