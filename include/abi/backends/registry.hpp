#pragma once
/// The backends of this build and the devices they offer.

#include <abi/compute/device.hpp>
#include <abi/task/scheduler.hpp>

namespace libabi::backends {

struct BackendInfo {
  std::string_view name;    ///< member of backends.def
  bool in_build = false;    ///< false: its stub stands in
  std::string description;  ///< devices found, or why there are none
};

ABI_API std::vector<BackendInfo> list();
/// Opens a device of a backend on a scheduler, which must outlive it. Errors: not_found (no such backend; names the known
/// ones), unavailable (not in this build, or no device here).
ABI_API Result<std::unique_ptr<compute::Device>> open_device(std::string_view backend, task::Scheduler& scheduler);

}  // namespace libabi::backends
