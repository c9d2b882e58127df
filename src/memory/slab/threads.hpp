#pragma once
/// The threads' caches: which thread has one for which allocator, and what happens to them when a thread or an allocator ends.

#include "slab/depot.hpp"

#include <abi/memory/account.hpp>
#include <abi/memory/buffer.hpp>

namespace libabi::memory::slab {

inline constexpr unsigned kMaxAllocators = 256;

struct Threads;
struct ThreadTable;

/// One thread's cache of one allocator; in a Buffer of its own, the magazines' slots behind it.
struct ThreadCache : detail::SlabCache {
  /// A block. Errors: exhausted.
  Result<void*> take(unsigned size_class);
  void give_back(unsigned size_class, void* block) noexcept;
  /// Gives all blocks to the depots.
  void empty() noexcept;

  Buffer memory;
  std::array<detail::SlabSpare, detail::slab_classes> spares{};
  Threads* allocator = nullptr;
  ThreadTable* thread = nullptr;
  ThreadCache* next = nullptr;  // of the same allocator
  ThreadCache* previous = nullptr;
  std::uint32_t trims = 0;  // calls of trim() that it knows of
};

/// An allocator as its threads see it.
struct Threads {
  Threads(Depots& all, MemoryAccount& payer, bool slow_path_only) noexcept
      : depots(&all), account(&payer), guarded(slow_path_only) {}

  /// Gives it a number; false where all are taken, or the system has no memory.
  bool begin() noexcept;
  /// Every cache is gone, with what is in it.
  void end() noexcept;

  /// This thread's cache, made where there is none; null where there is no memory for it.
  ThreadCache* mine() noexcept;
  /// Gives all blocks of this thread's cache, where it has one, to the depots.
  void empty_mine() noexcept;
  std::uint64_t cache_bytes() const noexcept;

  Depots* depots;
  MemoryAccount* account;
  bool guarded;  // no thread uses a cache without asking mine() for it
  unsigned number = kMaxAllocators;
  ThreadCache* caches = nullptr;  // under the lock of all
  std::atomic<unsigned> cache_count{0};
  std::atomic<std::uint32_t> trims{0};

 private:
  ThreadCache* make() noexcept;
};

}  // namespace libabi::memory::slab
