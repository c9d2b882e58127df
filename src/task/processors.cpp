#include "cgroup.hpp"

#include <abi/task/pool.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace libabi::task {

namespace {

#if defined(__linux__)
unsigned affinity_processors() {
  // The mask has to be as long as the kernel's, which only trying tells.
  constexpr int most = 1 << 20;
  for (int processors = CPU_SETSIZE; processors <= most; processors *= 4) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(CPU_ALLOC(processors), [](cpu_set_t* set) { CPU_FREE(set); });
    if (!mask) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(processors);
    if (sched_getaffinity(0, bytes, mask.get()) == 0) return static_cast<unsigned>(CPU_COUNT_S(bytes, mask.get()));
  }
  return std::thread::hardware_concurrency();
}

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
unsigned affinity_processors() { return std::thread::hardware_concurrency(); }
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
