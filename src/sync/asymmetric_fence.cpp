#include <abi/sync/asymmetric_fence.hpp>

#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace libabi::sync {

namespace detail {
constinit std::atomic<bool> light_fences_are_free{false};
}

namespace {

#if defined(__linux__)
bool membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }
bool register_process() noexcept { return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED); }
bool interrupt_all() noexcept { return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED); }
#else
bool register_process() noexcept { return false; }
bool interrupt_all() noexcept { return false; }
#endif

// Light fences become free only behind the registration, and every heavy fence asks for it first: whichever thread finds them
// free is interrupted by each heavy fence from then on.
bool registered() noexcept {
  static const bool done = [] {
    const bool accepted = register_process() && interrupt_all();
    detail::light_fences_are_free.store(accepted, std::memory_order_relaxed);
    return accepted;
  }();
  return done;
}

[[maybe_unused]] const bool registered_at_load = registered();

}  // namespace

void heavy_fence() noexcept {
  // The registration is the address space's; one that lost it (a kernel that does not hand it to the child of a fork) asks again.
  if (registered() && (interrupt_all() || (register_process() && interrupt_all()))) return;
  detail::fence(std::memory_order_seq_cst);
}

}  // namespace libabi::sync
