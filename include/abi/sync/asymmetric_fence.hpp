#pragma once
/// A pair of fences of which one costs nothing (P1202): between a store and a load that must not change places, the side that
/// runs often puts a light fence and the side that runs seldom a heavy one.
///
///     mine.store(1, std::memory_order_relaxed);      theirs.store(1, std::memory_order_relaxed);
///     light_fence();                                 heavy_fence();
///     theirs.load(std::memory_order_relaxed);        mine.load(std::memory_order_relaxed);     // at least one of them sees 1
///
/// A heavy fence orders against light and heavy ones as atomic_thread_fence(seq_cst) would; two light fences order nothing.
/// Where the kernel has membarrier(2), a light fence is a barrier to the compiler alone (one predicted branch, 0.3 ns) and a
/// heavy one interrupts the processors that run threads of this process: one to ten microseconds, so that heavy fences belong
/// where a thread waits, sleeps or frees in batches. Where the kernel has it not, both are full fences (2 ns). Code that is
/// generic over a policy calls Policy::light_fence() and Policy::heavy_fence().
///
/// Thread-safe; the child of a fork() has them too. A process that takes membarrier(2) away from itself (seccomp) does so
/// before it loads libabi.

#include <abi/base/api.hpp>

#include <atomic>

namespace libabi::sync {

namespace detail {
/// Whether this process is registered for membarrier(2). True is final; a light fence that still reads false is only dearer.
extern ABI_API constinit std::atomic<bool> light_fences_are_free;

// g++ says under tsan that tsan knows nothing of fences; it loses races that only a fence would show, and reports none falsely.
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
inline void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
}  // namespace detail

inline void light_fence() noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (!detail::light_fences_are_free.load(std::memory_order_relaxed)) [[unlikely]]
    detail::fence(std::memory_order_seq_cst);
}

ABI_API void heavy_fence() noexcept;

}  // namespace libabi::sync
