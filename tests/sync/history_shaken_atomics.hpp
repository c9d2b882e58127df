#pragma once
/// The standard's atomics, before each use of which a thread may give its processor away: on few processors the threads of a
/// structure meet in the middle of their calls all the same.

#include <abi/sync/atomics.hpp>

#include <atomic>
#include <cstdint>
#include <thread>

namespace libabi::sync::test {

/// Of this thread: where it gives way is taken from these numbers (Marsaglia's xorshift, 2003). Never 0.
inline thread_local std::uint64_t shaking = 0x9e3779b97f4a7c15u;

inline void shake() noexcept {
  shaking ^= shaking << 13;
  shaking ^= shaking >> 7;
  shaking ^= shaking << 17;
  if (shaking % 16 == 0) std::this_thread::yield();
}

template <class T>
class ShakenAtomic {
 public:
  constexpr ShakenAtomic(T value = {}) noexcept : atomic_(value) {}

  T load(std::memory_order order) const noexcept { return shaken().load(order); }
  void store(T value, std::memory_order order) noexcept { shaken().store(value, order); }
  T exchange(T value, std::memory_order order) noexcept { return shaken().exchange(value, order); }
  bool compare_exchange_strong(T& expected, T value, std::memory_order success, std::memory_order failure) noexcept {
    return shaken().compare_exchange_strong(expected, value, success, failure);
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order success, std::memory_order failure) noexcept {
    return shaken().compare_exchange_weak(expected, value, success, failure);
  }
  T fetch_add(T operand, std::memory_order order) noexcept { return shaken().fetch_add(operand, order); }
  T fetch_sub(T operand, std::memory_order order) noexcept { return shaken().fetch_sub(operand, order); }
  T fetch_or(T operand, std::memory_order order) noexcept { return shaken().fetch_or(operand, order); }
  T fetch_and(T operand, std::memory_order order) noexcept { return shaken().fetch_and(operand, order); }
  T fetch_xor(T operand, std::memory_order order) noexcept { return shaken().fetch_xor(operand, order); }

 private:
  std::atomic<T>& shaken() noexcept { return shake(), atomic_; }
  const std::atomic<T>& shaken() const noexcept { return shake(), atomic_; }

  std::atomic<T> atomic_;
};

/// See StdAtomics.
struct ShakenAtomics {
  template <class T>
  using Atomic = ShakenAtomic<T>;
  template <class T>
  using Plain = StdAtomics::Plain<T>;

  static void fence(std::memory_order order) noexcept { StdAtomics::fence(order); }
  static void light_fence() noexcept { StdAtomics::light_fence(); }
  static void heavy_fence() noexcept { StdAtomics::heavy_fence(); }
  static void pause() noexcept { std::this_thread::yield(); }
  static void yield() noexcept { std::this_thread::yield(); }
};

}  // namespace libabi::sync::test
