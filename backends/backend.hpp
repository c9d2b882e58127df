#pragma once
/// What a backend's folder gives to the registry: one constant. The folder's stub.cpp defines the same one.

#include <abi/compute/device.hpp>
#include <abi/task/scheduler.hpp>

namespace libabi::backends {

struct Backend {
  std::string_view name;  ///< its line in backends.def
  bool in_build = false;  ///< false in the stub
  /// Devices found, or why there are none.
  std::string (*description)() = nullptr;
  /// A device on a scheduler, which outlives it. Errors: unavailable (the stub, or no device here).
  Result<std::unique_ptr<compute::Device>> (*open)(task::Scheduler& scheduler) = nullptr;
};

#define ABI_BACKEND(name) extern ABI_API const Backend backend_##name;
#include "backends.def"
#undef ABI_BACKEND

}  // namespace libabi::backends
