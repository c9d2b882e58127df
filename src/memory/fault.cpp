#include <abi/memory/fault.hpp>

#include <atomic>
#include <mutex>

namespace libabi::memory {

namespace {

// The fault in force. Static, not in the object: a point may still be looking at it while the object goes.
constinit std::atomic<bool> armed{false};
constinit std::atomic<std::uint64_t> passed{0};
constinit std::atomic<std::uint64_t> target{0};
constinit std::mutex one_at_a_time;

}  // namespace

AllocationFault::AllocationFault(std::uint64_t n) {
  one_at_a_time.lock();
  passed.store(0, std::memory_order_relaxed);
  target.store(n, std::memory_order_relaxed);
  armed.store(true, std::memory_order_release);
}

AllocationFault::~AllocationFault() {
  armed.store(false, std::memory_order_release);
  one_at_a_time.unlock();
}

bool AllocationFault::hit() const noexcept { return count() > target.load(std::memory_order_relaxed); }

std::uint64_t AllocationFault::count() const noexcept { return passed.load(std::memory_order_relaxed); }

bool allocation_must_fail() noexcept {
  if (!armed.load(std::memory_order_relaxed)) [[likely]]
    return false;
  if (!armed.load(std::memory_order_acquire)) return false;
  return passed.fetch_add(1, std::memory_order_relaxed) == target.load(std::memory_order_relaxed);
}

}  // namespace libabi::memory
