#include "sync/model/memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace libabi::sync::model::memory {

namespace {

constexpr std::size_t kRegionBytes = 64 << 20;
constexpr std::uint32_t kLive = 0x11fe11fe;
constexpr std::uint32_t kFreed = 0xdeaddead;

struct Header {
  std::uint32_t state;
};

constinit thread_local bool within = false;
constinit std::byte* region = nullptr;
constinit std::size_t used = 0;
constinit std::size_t live = 0;
constinit const char* wrong = nullptr;

bool ours(const void* block) noexcept { return region && block >= region && block < region + kRegionBytes; }

void* take_inside(std::size_t bytes, std::size_t align) noexcept {
  const std::size_t start = (used + sizeof(Header) + align - 1) / align * align;
  if (bytes > kRegionBytes || start + bytes > kRegionBytes) {
    wrong = "the memory of a run is used up";
    return nullptr;
  }
  used = start + bytes;
  reinterpret_cast<Header*>(region + start - sizeof(Header))->state = kLive;
  ++live;
  return region + start;
}

void* take(std::size_t bytes, std::size_t align) noexcept {
  if (bytes == 0) bytes = 1;
  if (within) return take_inside(bytes, align);
  return align <= alignof(std::max_align_t) ? std::malloc(bytes) : std::aligned_alloc(align, (bytes + align - 1) / align * align);
}

void* take_or_throw(std::size_t bytes, std::size_t align) {
  if (void* const memory = take(bytes, align)) return memory;
  throw std::bad_alloc();
}

void give_back(void* block) noexcept {
  if (!ours(block)) return std::free(block);
  Header& header = *reinterpret_cast<Header*>(static_cast<std::byte*>(block) - sizeof(Header));
  if (header.state != kLive) {
    wrong = "a block is freed twice";
    return;
  }
  header.state = kFreed;
  --live;
}

constexpr std::size_t kNatural = alignof(std::max_align_t);

}  // namespace

void enter() noexcept { within = true; }
void leave() noexcept { within = false; }
bool inside() noexcept { return within; }

void reset() noexcept {
  if (!region) {
    void* const mapped =
        ::mmap(nullptr, kRegionBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) std::abort();
    region = static_cast<std::byte*>(mapped);
  }
  used = live = 0;
  wrong = nullptr;
}

std::size_t live_blocks() noexcept { return live; }
const char* fault() noexcept { return wrong; }

}  // namespace libabi::sync::model::memory

using libabi::sync::model::memory::give_back;
using libabi::sync::model::memory::kNatural;
using libabi::sync::model::memory::take;
using libabi::sync::model::memory::take_or_throw;
using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t n) { return take_or_throw(n, kNatural); }
void* operator new[](size_t n) { return take_or_throw(n, kNatural); }
void* operator new(size_t n, align_val_t a) { return take_or_throw(n, static_cast<size_t>(a)); }
void* operator new[](size_t n, align_val_t a) { return take_or_throw(n, static_cast<size_t>(a)); }
void* operator new(size_t n, const nothrow_t&) noexcept { return take(n, kNatural); }
void* operator new[](size_t n, const nothrow_t&) noexcept { return take(n, kNatural); }
void* operator new(size_t n, align_val_t a, const nothrow_t&) noexcept { return take(n, static_cast<size_t>(a)); }
void* operator new[](size_t n, align_val_t a, const nothrow_t&) noexcept { return take(n, static_cast<size_t>(a)); }
void operator delete(void* p) noexcept { give_back(p); }
void operator delete[](void* p) noexcept { give_back(p); }
void operator delete(void* p, size_t) noexcept { give_back(p); }
void operator delete[](void* p, size_t) noexcept { give_back(p); }
void operator delete(void* p, align_val_t) noexcept { give_back(p); }
void operator delete[](void* p, align_val_t) noexcept { give_back(p); }
void operator delete(void* p, size_t, align_val_t) noexcept { give_back(p); }
void operator delete[](void* p, size_t, align_val_t) noexcept { give_back(p); }
void operator delete(void* p, const nothrow_t&) noexcept { give_back(p); }
void operator delete[](void* p, const nothrow_t&) noexcept { give_back(p); }
void operator delete(void* p, align_val_t, const nothrow_t&) noexcept { give_back(p); }
void operator delete[](void* p, align_val_t, const nothrow_t&) noexcept { give_back(p); }
