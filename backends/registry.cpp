#include "backend.hpp"

#include <abi/backends/registry.hpp>
#include <abi/base/boundary.hpp>

namespace libabi::backends {

namespace {

constexpr const Backend* members[] = {
#define ABI_BACKEND(name) &backend_##name,
#include "backends.def"
#undef ABI_BACKEND
};

}  // namespace

std::vector<BackendInfo> list() {
  std::vector<BackendInfo> out;
  for (const Backend* member : members) out.push_back({member->name, member->in_build, member->description()});
  return out;
}

Result<std::unique_ptr<compute::Device>> open_device(std::string_view backend, task::Scheduler& scheduler) {
  return boundary([&]() -> Result<std::unique_ptr<compute::Device>> {
    std::string known;
    for (const Backend* member : members) {
      if (member->name == backend) return member->open(scheduler);
      known += (known.empty() ? "" : ", ") + std::string(member->name);
    }
    return error(ErrorCode::not_found, "there is no backend '{}', known are {}", backend, known);
  });
}

}  // namespace libabi::backends
