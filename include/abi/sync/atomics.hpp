#pragma once
/// What the lock-free structures of this layer are written over, so that the very code that ships is also what the model
/// checker runs (tests/sync/model): every structure is a template whose last parameter is a policy like StdAtomics.
///
///     template <class T, class Policy = StdAtomics>
///     class SpscRing {
///       typename Policy::template Atomic<std::size_t> head_{0};  // std::atomic, or the checker's
///       typename Policy::template Plain<T> slot_;                // a T that is not atomic: the checker looks for races on it
///     };

#include <abi/sync/asymmetric_fence.hpp>

#include <atomic>
#include <thread>
#include <utility>

namespace libabi::sync {

/// One pause between two looks at something that another thread is about to change.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// The policy that ships: the standard's atomics.
struct StdAtomics {
  template <class T>
  using Atomic = std::atomic<T>;

  /// A value that one thread at a time may touch, as the algorithm's synchronisation promises.
  template <class T>
  class Plain {
   public:
    Plain() = default;
    explicit Plain(T value) : value_(std::move(value)) {}
    void set(T value) noexcept { value_ = std::move(value); }
    const T& get() const noexcept { return value_; }
    T take() noexcept { return std::move(value_); }

   private:
    T value_{};
  };

  static void fence(std::memory_order order) noexcept { detail::fence(order); }
  /// The cheap and the dear side of a store that must not pass a load: see asymmetric_fence.hpp.
  static void light_fence() noexcept { sync::light_fence(); }
  static void heavy_fence() noexcept { sync::heavy_fence(); }
  static void pause() noexcept { spin_pause(); }
  /// Offers the processor to another thread, where the one that is waited for may have none. A policy may leave it out.
  static void yield() noexcept { std::this_thread::yield(); }
};

namespace detail {
/// Says that the calling thread has what stands there to itself now, though it is no Plain: to the checker's policy, which looks
/// for races on it. A policy may leave that out.
template <class Policy>
void alone([[maybe_unused]] const void* object) noexcept {
  if constexpr (requires { Policy::alone(object); }) Policy::alone(object);
}
}  // namespace detail

}  // namespace libabi::sync
