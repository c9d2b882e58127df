#include "slab/threads.hpp"

#include "fork.hpp"

#include <abi/memory/fault.hpp>

#include <new>

#include <pthread.h>

namespace libabi::memory {

namespace slab {

namespace {

constexpr std::size_t kSlots = [] {
  std::size_t slots = 0;
  for (unsigned each = 0; each < detail::slab_classes; ++each) slots += 2 * batch_of(each);
  return slots;
}();
constexpr std::size_t kCacheBytes = sizeof(ThreadCache) + kSlots * sizeof(void*);

constinit detail::SlabCache no_cache{};

}  // namespace

/// What a thread has, by the allocators' numbers.
struct ThreadTable {
  ThreadTable() noexcept { inline_caches.fill(&no_cache); }

  std::array<detail::SlabCache*, kMaxAllocators> inline_caches;  // what the inline path sees: none where guarded
  std::array<ThreadCache*, kMaxAllocators> caches{};
};

namespace {

constexpr auto kNoCaches = [] {
  std::array<detail::SlabCache*, kMaxAllocators> none{};
  none.fill(&no_cache);
  return none;
}();

constinit std::mutex all_turn;  // before every lock of a depot
constinit std::array<Threads*, kMaxAllocators> all{};
constinit thread_local ThreadTable* table = nullptr;

void destroy(ThreadCache& cache) noexcept {
  (cache.previous ? cache.previous->next : cache.allocator->caches) = cache.next;
  if (cache.next) cache.next->previous = cache.previous;
  cache.allocator->cache_count.fetch_sub(1, std::memory_order_relaxed);
  const unsigned number = cache.allocator->number;
  cache.thread->inline_caches[number] = &no_cache;
  cache.thread->caches[number] = nullptr;
  const Buffer memory = std::move(cache.memory);
  cache.~ThreadCache();
}

void end_thread(void* ending) {
  auto* const own = static_cast<ThreadTable*>(ending);
  {
    const std::lock_guard lock(all_turn);
    for (ThreadCache* cache : own->caches) {
      if (!cache) continue;
      cache->empty();
      destroy(*cache);
    }
  }
  detail::slab_caches = kNoCaches.data();
  table = nullptr;
  const std::unique_ptr<ThreadTable> gone(own);
}

// A key of the C library and not a thread_local with a destructor: making that known to the C library ends the process where
// memory runs out.
bool make_table() noexcept {
  static pthread_key_t key;
  static const bool has_key = pthread_key_create(&key, end_thread) == 0;
  if (!has_key || allocation_must_fail()) return false;
  std::unique_ptr<ThreadTable> made(new (std::nothrow) ThreadTable);
  if (!made || pthread_setspecific(key, made.get()) != 0) return false;
  table = made.release();
  detail::slab_caches = table->inline_caches.data();
  return true;
}

}  // namespace

Result<void*> ThreadCache::take(unsigned size_class) {
  return allocator->depots->take_through(magazines[size_class], spares[size_class], size_class);
}

void ThreadCache::give_back(unsigned size_class, void* block) noexcept {
  allocator->depots->put_through(magazines[size_class], spares[size_class], size_class, block);
}

void ThreadCache::empty() noexcept {
  for (unsigned each = 0; each < detail::slab_classes; ++each) allocator->depots->put_all(magazines[each], spares[each], each);
}

bool Threads::begin() noexcept {
  if (!watch_forks()) return false;
  const std::lock_guard lock(all_turn);
  for (number = 0; number < kMaxAllocators && all[number]; ++number) continue;
  if (number == kMaxAllocators) return false;
  all[number] = this;
  return true;
}

void Threads::end() noexcept {
  if (number == kMaxAllocators) return;
  const std::lock_guard lock(all_turn);
  while (caches) destroy(*caches);
  all[number] = nullptr;
}

ThreadCache* Threads::mine() noexcept {
  ThreadCache* const cache = table ? table->caches[number] : nullptr;
  if (!cache) return make();
  if (const std::uint32_t now = trims.load(std::memory_order_relaxed); cache->trims != now) {
    cache->trims = now;
    cache->empty();
  }
  return cache;
}

void Threads::empty_mine() noexcept {
  if (ThreadCache* const cache = table ? table->caches[number] : nullptr) cache->empty();
}

std::uint64_t Threads::cache_bytes() const noexcept { return cache_count.load(std::memory_order_relaxed) * kCacheBytes; }

ThreadCache* Threads::make() noexcept {
  if (!table && !make_table()) return nullptr;
  auto memory = Buffer::allocate(kCacheBytes, *account);
  if (!memory) return nullptr;
  auto* const cache = new (memory->data()) ThreadCache;
  auto** slots = reinterpret_cast<void**>(cache + 1);
  for (unsigned each = 0; each < detail::slab_classes; ++each) {
    cache->magazines[each] = {slots, slots, slots + batch_of(each)};
    cache->spares[each] = {slots + batch_of(each), false};
    slots += 2 * batch_of(each);
  }
  cache->memory = *std::move(memory);
  cache->allocator = this;
  cache->thread = table;
  cache->trims = trims.load(std::memory_order_relaxed);
  table->caches[number] = cache;
  if (!guarded) table->inline_caches[number] = cache;
  const std::lock_guard lock(all_turn);
  cache->next = caches;
  if (caches) caches->previous = cache;
  caches = cache;
  cache_count.fetch_add(1, std::memory_order_relaxed);
  return cache;
}

}  // namespace slab

constinit thread_local detail::SlabCache* const* detail::slab_caches = slab::kNoCaches.data();

void lock_slabs() noexcept {
  slab::all_turn.lock();
  for (slab::Threads* each : slab::all)
    if (each) each->depots->lock();
}

void unlock_slabs() noexcept {
  for (slab::Threads* each : slab::all)
    if (each) each->depots->unlock();
  slab::all_turn.unlock();
}

}  // namespace libabi::memory
