// Interposes the allocation functions of a test program. In the program itself they come first in the search order, so that
// every library calls these; they call glibc's by its own names for them.

#include "memory/failing_malloc.hpp"
#include "sanitizers.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__GLIBC__) && !ABI_TEST_ADDRESS_SANITIZER && !ABI_TEST_THREAD_SANITIZER && !ABI_TEST_HAS_FEATURE(memory_sanitizer)
#define ABI_TEST_COUNTS_BLOCKS 1
#endif

namespace libabi::test {

namespace {

struct Fault {
  std::atomic<bool> armed{false};
  std::atomic<bool> lasting{false};
  std::atomic<std::uint64_t> target{0};
  std::atomic<std::uint64_t> passed{0};

  bool strikes() noexcept {
    if (!armed.load(std::memory_order_acquire)) return false;
    const std::uint64_t number = passed.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t n = target.load(std::memory_order_relaxed);
    return lasting.load(std::memory_order_relaxed) ? number >= n : number == n;
  }
};

// Nothing here may need construction: malloc is called before the first constructor of the program and after the last
// destructor of a thread.
constinit thread_local Fault own;
constinit Fault shared;
constinit thread_local int unfailing = 0;
constinit thread_local std::int64_t own_blocks = 0;
constinit std::atomic<std::int64_t> all_blocks{0};

Fault& fault_of(Whose whose) noexcept { return whose == Whose::this_thread ? own : shared; }

bool must_fail() noexcept {
  if (unfailing != 0) return false;
  const bool mine = own.strikes();
  return shared.strikes() || mine;
}

}  // namespace

FailingMalloc::FailingMalloc(std::uint64_t n, Whose whose, Fails fails) noexcept : whose_(whose) {
  Fault& fault = fault_of(whose);
  fault.passed.store(0, std::memory_order_relaxed);
  fault.target.store(n, std::memory_order_relaxed);
  fault.lasting.store(fails == Fails::from_then_on, std::memory_order_relaxed);
  fault.armed.store(true, std::memory_order_release);
}
FailingMalloc::~FailingMalloc() { fault_of(whose_).armed.store(false, std::memory_order_release); }
bool FailingMalloc::hit() const noexcept { return count() > fault_of(whose_).target.load(std::memory_order_relaxed); }
std::uint64_t FailingMalloc::count() const noexcept { return fault_of(whose_).passed.load(std::memory_order_relaxed); }

Unfailing::Unfailing() noexcept { ++unfailing; }
Unfailing::~Unfailing() { --unfailing; }

LiveBlocks::LiveBlocks(Whose whose) noexcept : whose_(whose), before_(0) { before_ = count(); }
std::int64_t LiveBlocks::count() const noexcept {
  return (whose_ == Whose::this_thread ? own_blocks : all_blocks.load(std::memory_order_relaxed)) - before_;
}

}  // namespace libabi::test

using std::align_val_t;
using std::nothrow_t;
using std::size_t;

#if defined(ABI_TEST_COUNTS_BLOCKS)

namespace libabi::test {

bool counts_blocks() noexcept { return true; }

namespace {

void* counted(void* block) noexcept {
  if (!block) return nullptr;
  ++own_blocks;
  all_blocks.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void* no_memory() noexcept {
  errno = ENOMEM;
  return nullptr;
}

}  // namespace
}  // namespace libabi::test

using libabi::test::counted;
using libabi::test::must_fail;
using libabi::test::no_memory;

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

void* malloc(size_t n) noexcept { return must_fail() ? no_memory() : counted(__libc_malloc(n)); }
void* calloc(size_t count, size_t n) noexcept { return must_fail() ? no_memory() : counted(__libc_calloc(count, n)); }
void* memalign(size_t align, size_t n) noexcept { return must_fail() ? no_memory() : counted(__libc_memalign(align, n)); }
void* aligned_alloc(size_t align, size_t n) noexcept { return memalign(align, n); }
int posix_memalign(void** block, size_t align, size_t n) noexcept {
  if (align % sizeof(void*) != 0 || align == 0 || (align & (align - 1)) != 0) return EINVAL;
  void* const taken = memalign(align, n);
  if (!taken) return ENOMEM;
  *block = taken;
  return 0;
}
void free(void* block) noexcept {
  if (!block) return;
  --libabi::test::own_blocks;
  libabi::test::all_blocks.fetch_sub(1, std::memory_order_relaxed);
  __libc_free(block);
}
void* realloc(void* block, size_t n) noexcept {
  if (!block) return malloc(n);
  if (n == 0) {
    free(block);
    return nullptr;
  }
  return must_fail() ? no_memory() : __libc_realloc(block, n);
}
}

namespace {
void* take(size_t n, size_t align) noexcept { return align <= alignof(std::max_align_t) ? malloc(n) : memalign(align, n); }
}  // namespace

#else

namespace libabi::test {
bool counts_blocks() noexcept { return false; }
}  // namespace libabi::test

namespace {
void* take(size_t n, size_t align) noexcept {
  if (libabi::test::must_fail()) return nullptr;
  if (n == 0) n = 1;
  return align <= alignof(std::max_align_t) ? std::malloc(n) : std::aligned_alloc(align, (n + align - 1) / align * align);
}
}  // namespace

#endif

namespace {
constexpr size_t natural = alignof(std::max_align_t);
void* take_or_throw(size_t n, size_t align) {
  if (void* const block = take(n, align)) return block;
  throw std::bad_alloc();
}
size_t number(align_val_t align) noexcept { return static_cast<size_t>(align); }
}  // namespace

void* operator new(size_t n) { return take_or_throw(n, natural); }
void* operator new[](size_t n) { return take_or_throw(n, natural); }
void* operator new(size_t n, align_val_t a) { return take_or_throw(n, number(a)); }
void* operator new[](size_t n, align_val_t a) { return take_or_throw(n, number(a)); }
void* operator new(size_t n, const nothrow_t&) noexcept { return take(n, natural); }
void* operator new[](size_t n, const nothrow_t&) noexcept { return take(n, natural); }
void* operator new(size_t n, align_val_t a, const nothrow_t&) noexcept { return take(n, number(a)); }
void* operator new[](size_t n, align_val_t a, const nothrow_t&) noexcept { return take(n, number(a)); }
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
