#pragma once
/// Whole pages of the system, for those that hand memory out in smaller pieces.

#include <cstddef>

namespace libabi::memory {

inline constexpr std::size_t kHugePageBytes = 2 * 1024 * 1024;

std::size_t page_bytes() noexcept;

/// `bytes`, rounded up to whole pages, zeroed, aligned to `align` (a power of two). With `huge` the system is asked for huge
/// pages, and gives small ones where it has none. Null where the system has no memory. A point of AllocationFault.
std::byte* map_pages(std::size_t bytes, std::size_t align, bool huge) noexcept;
void unmap_pages(std::byte* pages, std::size_t bytes) noexcept;
/// The pages stay, their memory goes back to the system; they read as zero when they are touched next.
void empty_pages(std::byte* pages, std::size_t bytes) noexcept;

}  // namespace libabi::memory
