#include "backend.hpp"
#include "device.hpp"

namespace libabi::backends {

constinit const Backend backend_null = {
    .name = "null",
    .in_build = true,
    .description = [] { return std::string(null::description); },
    .open = [](task::Scheduler&) -> Result<std::unique_ptr<compute::Device>> { return std::make_unique<null::Device>(); }};

}  // namespace libabi::backends
