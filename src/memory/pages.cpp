#include "pages.hpp"

#include <abi/memory/fault.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

#include <sys/mman.h>
#include <unistd.h>

namespace libabi::memory {

namespace {

std::byte* map(std::size_t bytes) noexcept {
  void* const pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : static_cast<std::byte*>(pages);
}

std::size_t up(std::size_t number, std::size_t step) noexcept { return (number + step - 1) / step * step; }

// What is mapped is larger by the alignment, and both ends that stand over go back.
std::byte* map_aligned(std::size_t bytes, std::size_t align) noexcept {
  std::byte* const wide = map(bytes + align);
  if (!wide) return nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(wide);
  const std::size_t before = up(address, align) - address;
  if (before != 0) ::munmap(wide, before);
  if (before != align) ::munmap(wide + before + bytes, align - before);
  return wide + before;
}

}  // namespace

std::size_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::byte* map_pages(std::size_t bytes, std::size_t align, bool huge) noexcept {
  const std::size_t page = page_bytes();
  if (allocation_must_fail() || bytes > std::numeric_limits<std::ptrdiff_t>::max() - align - page) return nullptr;
  bytes = up(bytes, page);
  std::byte* const pages = align <= page ? map(bytes) : map_aligned(bytes, align);
  if (pages && huge) ::madvise(pages, bytes, MADV_HUGEPAGE);  // where it is refused, small pages do
  return pages;
}

void unmap_pages(std::byte* pages, std::size_t bytes) noexcept {
  if (pages) ::munmap(pages, up(bytes, page_bytes()));
}

void empty_pages(std::byte* pages, std::size_t bytes) noexcept { ::madvise(pages, bytes, MADV_DONTNEED); }

}  // namespace libabi::memory
