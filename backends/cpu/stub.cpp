#include "backend.hpp"

namespace libabi::backends {

constinit const Backend backend_cpu = {
    .name = "cpu",
    .in_build = false,
    .description = [] { return std::string("not in this build of abi"); },
    .open = [](task::Scheduler&) -> Result<std::unique_ptr<compute::Device>> { return unavailable("the backend cpu"); }};

}  // namespace libabi::backends
