#include "fork.hpp"

#include <atomic>
#include <mutex>

#include <pthread.h>

namespace libabi::memory {

namespace {

// A slab charges its account while it holds a lock of its own: slabs come first.
void before() noexcept {
  lock_slabs();
  lock_accounts();
}

void after() noexcept {
  unlock_accounts();
  unlock_slabs();
}

constinit std::atomic<bool> watching{false};
constinit std::mutex starting;

}  // namespace

bool watch_forks() noexcept {
  if (watching.load(std::memory_order_acquire)) return true;
  const std::lock_guard lock(starting);
  if (!watching.load(std::memory_order_relaxed)) watching.store(pthread_atfork(before, after, after) == 0);
  return watching.load(std::memory_order_relaxed);
}

}  // namespace libabi::memory
