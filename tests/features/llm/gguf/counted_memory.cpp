#include "counted_memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

std::uint64_t live = 0, peak = 0;
std::uint64_t allocations_left = UINT64_MAX;  // until one fails
bool failed = false;

constexpr std::size_t kHead = alignof(std::max_align_t);  // before each allocation: its size

}  // namespace

// Not inlined: the compiler takes free() of what comes from operator new for a mistake. Each form is here, since a
// sanitizer's own would not come through the plain one.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (allocations_left == 0) {
    allocations_left = UINT64_MAX;
    failed = true;
    return nullptr;
  }
  if (allocations_left != UINT64_MAX) --allocations_left;
  auto* const at = size <= SIZE_MAX - kHead ? static_cast<std::byte*>(std::malloc(size + kHead)) : nullptr;
  if (!at) return nullptr;
  std::memcpy(at, &size, sizeof size);
  live += size;
  if (live > peak) peak = live;
  return at + kHead;
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* const data = operator new(size, std::nothrow);
  return data ? data : throw std::bad_alloc();
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return operator new(size, std::nothrow); }
void* operator new[](std::size_t size) { return operator new(size); }

[[gnu::noinline]] void operator delete(void* data) noexcept {
  if (!data) return;
  auto* const at = static_cast<std::byte*>(data) - kHead;
  std::size_t size = 0;
  std::memcpy(&size, at, sizeof size);
  live -= size;
  std::free(at);
}
[[gnu::noinline]] void operator delete(void* data, std::size_t) noexcept { operator delete(data); }
[[gnu::noinline]] void operator delete(void* data, const std::nothrow_t&) noexcept { operator delete(data); }
void operator delete[](void* data) noexcept { operator delete(data); }
void operator delete[](void* data, std::size_t) noexcept { operator delete(data); }
void operator delete[](void* data, const std::nothrow_t&) noexcept { operator delete(data); }

namespace counted {

std::uint64_t live_bytes() { return live; }
std::uint64_t peak_bytes() { return peak; }
void reset_peak() { peak = live; }
Failure::Failure(std::uint64_t number) {
  failed = false;
  allocations_left = number;
}
Failure::~Failure() { allocations_left = UINT64_MAX; }
bool Failure::hit() const { return failed; }

}  // namespace counted
