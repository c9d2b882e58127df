#include "processors.hpp"
#include "cgroup.hpp"

#include <abi/task/processors.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <thread>

namespace libabi::task {

namespace {

unsigned affinity_processors() {
  const auto usable = static_cast<unsigned>(usable_processors().size());
  return usable != 0 ? usable : std::thread::hardware_concurrency();
}

#if defined(__linux__)
std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<double> quota_processors() {
  const auto cgroup = read_text("/proc/self/cgroup");
  const auto mountinfo = read_text("/proc/self/mountinfo");
  if (!cgroup || !mountinfo) return {};
  return cgroup_processors(*cgroup, *mountinfo, read_text);
}
#else
std::optional<double> quota_processors() { return {}; }
#endif

}  // namespace

unsigned available_processors() noexcept {
  unsigned processors = 1;
  try {
    processors = std::max(1u, affinity_processors());
    // A quota of 1.5 keeps two threads three quarters busy, which is more work than one thread does.
    if (const auto quota = quota_processors(); quota && *quota < processors)
      processors = std::max(1u, static_cast<unsigned>(std::ceil(*quota)));
  } catch (...) {
    // No memory to read the quota with: what the mask says must do.
  }
  return processors;
}

}  // namespace libabi::task
