#include "processors.hpp"

#include <memory>

#if defined(__linux__)
#include <sched.h>
#endif

namespace libabi::task {

#if defined(__linux__)

namespace {

struct Mask {
  struct Free {
    void operator()(cpu_set_t* mask) const noexcept { CPU_FREE(mask); }
  };
  std::unique_ptr<cpu_set_t, Free> set;
  std::size_t bytes;

  explicit Mask(int processors) : set(CPU_ALLOC(processors)), bytes(CPU_ALLOC_SIZE(processors)) {
    if (set) CPU_ZERO_S(bytes, set.get());
  }
};

}  // namespace

std::vector<unsigned> usable_processors() {
  // The mask has to be as long as the kernel's, which only trying tells.
  constexpr int most = 1 << 20;
  for (int processors = CPU_SETSIZE; processors <= most; processors *= 4) {
    const Mask mask(processors);
    if (!mask.set) break;
    if (sched_getaffinity(0, mask.bytes, mask.set.get()) != 0) continue;
    std::vector<unsigned> usable;
    for (int processor = 0; processor < processors; ++processor)
      if (CPU_ISSET_S(static_cast<std::size_t>(processor), mask.bytes, mask.set.get()))
        usable.push_back(static_cast<unsigned>(processor));
    return usable;
  }
  return {};
}

void bind_this_thread(const std::vector<unsigned>& processors) noexcept {
  if (processors.empty()) return;
  const Mask mask(static_cast<int>(processors.back()) + 1);
  if (!mask.set) return;
  for (const unsigned processor : processors) CPU_SET_S(processor, mask.bytes, mask.set.get());
  static_cast<void>(sched_setaffinity(0, mask.bytes, mask.set.get()));
}

#else

std::vector<unsigned> usable_processors() { return {}; }
void bind_this_thread(const std::vector<unsigned>&) noexcept {}

#endif

}  // namespace libabi::task
