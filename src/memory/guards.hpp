#pragma once
/// What arena and slab share to make misuse visible: canary bytes behind an allocation, a fill for memory that was given back,
/// and the address sanitizer's poison where libabi is built with it.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#if defined(__SANITIZE_ADDRESS__)
#define ABI_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ABI_POISONS 1
#endif
#endif
#if defined(ABI_POISONS)
#include <sanitizer/asan_interface.h>
#endif

namespace libabi::memory {

#if defined(ABI_POISONS)
inline constexpr bool kPoisons = true;
inline void poison(const void* begin, std::size_t bytes) noexcept { __asan_poison_memory_region(begin, bytes); }
inline void unpoison(const void* begin, std::size_t bytes) noexcept { __asan_unpoison_memory_region(begin, bytes); }
#else
inline constexpr bool kPoisons = false;
inline void poison(const void*, std::size_t) noexcept {}
inline void unpoison(const void*, std::size_t) noexcept {}
#endif

inline constexpr std::size_t kCanaryBytes = 16;  // at least so many stand behind an allocation
inline constexpr std::byte kCanary{0xca};
inline constexpr std::byte kGone{0xdd};

inline void fill(std::byte* begin, const std::byte* end, std::byte value) noexcept {
  std::memset(begin, static_cast<int>(value), static_cast<std::size_t>(end - begin));
}
inline bool is_filled(const std::byte* begin, const std::byte* end, std::byte value) noexcept {
  return std::all_of(begin, end, [value](std::byte each) { return each == value; });
}

}  // namespace libabi::memory
