// Replaces the global operator new of a test program by one that fails when it is told to.

#include "memory/failing_new.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace libabi::test {

namespace {

constinit thread_local bool armed = false;
constinit thread_local std::uint64_t left = 0;  // allocations before the one that fails
constinit thread_local bool failed = false;

void* take(std::size_t bytes, std::size_t align) noexcept {
  if (armed && !failed && left-- == 0) {
    failed = true;
    return nullptr;
  }
  if (bytes == 0) bytes = 1;
  return align <= alignof(std::max_align_t) ? std::malloc(bytes) : std::aligned_alloc(align, (bytes + align - 1) / align * align);
}

void* take_or_throw(std::size_t bytes, std::size_t align) {
  if (void* const memory = take(bytes, align)) return memory;
  throw std::bad_alloc();
}

constexpr std::size_t natural = alignof(std::max_align_t);

}  // namespace

FailingNew::FailingNew(std::uint64_t n) noexcept {
  left = n;
  failed = false;
  armed = true;
}
FailingNew::~FailingNew() { armed = false; }
bool FailingNew::hit() const noexcept { return failed; }

}  // namespace libabi::test

using libabi::test::natural;
using libabi::test::take;
using libabi::test::take_or_throw;
using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t n) { return take_or_throw(n, natural); }
void* operator new[](size_t n) { return take_or_throw(n, natural); }
void* operator new(size_t n, align_val_t a) { return take_or_throw(n, static_cast<size_t>(a)); }
void* operator new[](size_t n, align_val_t a) { return take_or_throw(n, static_cast<size_t>(a)); }
void* operator new(size_t n, const nothrow_t&) noexcept { return take(n, natural); }
void* operator new[](size_t n, const nothrow_t&) noexcept { return take(n, natural); }
void* operator new(size_t n, align_val_t a, const nothrow_t&) noexcept { return take(n, static_cast<size_t>(a)); }
void* operator new[](size_t n, align_val_t a, const nothrow_t&) noexcept { return take(n, static_cast<size_t>(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t, align_val_t) noexcept { std::free(p); }
void operator delete(void* p, const nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, align_val_t, const nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, align_val_t, const nothrow_t&) noexcept { std::free(p); }
