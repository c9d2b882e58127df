#pragma once
/// What the threads of a SlabAllocator share: chunks of the system's memory, cut into slabs, and for each size class the free
/// blocks that no thread has.

#include "slab/batch.hpp"

#include <abi/memory/slab_allocator.hpp>

#include <array>
#include <atomic>
#include <mutex>

namespace libabi::memory::slab {

inline constexpr std::size_t kChunkBytes = 2 * 1024 * 1024;
inline constexpr std::size_t kSlabBytes = 64 * 1024;
inline constexpr unsigned kSlabs = kChunkBytes / kSlabBytes;
inline constexpr std::uint8_t kNoClass = 0xff;

/// The head of a chunk, in its first slab, which holds no blocks.
struct Chunk {
  std::array<std::uint8_t, kSlabs> classes;  // first, since the inline way to a block's class is an address and a load
  Chunk* next;
  std::uint32_t free_slabs;                       // a bit for each
  std::array<std::uint32_t, kSlabs> free_blocks;  // while trim() counts

  static Chunk* of(const void* block) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    return reinterpret_cast<Chunk*>(const_cast<std::byte*>(static_cast<const std::byte*>(block)) - address % kChunkBytes);
  }
  static unsigned slab_of(const void* block) noexcept {
    return static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(block) % kChunkBytes / kSlabBytes);
  }
  std::byte* slab(unsigned index) noexcept { return reinterpret_cast<std::byte*>(this) + index * kSlabBytes; }
};
inline constexpr std::uint32_t kAllFree = 0xffff'fffeU;  // but the first, where the head is

/// How many blocks of a class go from hand to hand at once: 16 KiB of small ones, fewer of large ones.
constexpr unsigned batch_of(unsigned size_class) noexcept {
  const std::size_t bytes = detail::slab_class_bytes[size_class];
  return bytes <= 128 ? 128 : bytes <= 256 ? 64 : bytes <= 1024 ? 32 : bytes <= 8192 ? 8 : 2;
}

class Depots {
 public:
  Depots(MemoryAccount& account, bool huge_pages, bool guarded) noexcept;
  ~Depots();
  Depots(const Depots&) = delete;
  Depots& operator=(const Depots&) = delete;

  /// Writes up to batch_of(size_class) free blocks to `out`, the one to be used first last. How many: at least one.
  /// Errors: exhausted.
  Result<unsigned> take(unsigned size_class, void** out);
  /// At most batch_of(size_class) of them, at least one.
  void put(unsigned size_class, void* const* blocks, unsigned count) noexcept;

  /// A block by way of a magazine and its spare, which hold a batch each. They change places where the one in use runs empty or
  /// full, so that whoever takes and gives back at that border does not come here each time. Errors: exhausted.
  Result<void*> take_through(detail::SlabMagazine& magazine, detail::SlabSpare& spare, unsigned size_class);
  void put_through(detail::SlabMagazine& magazine, detail::SlabSpare& spare, unsigned size_class, void* block) noexcept;
  /// Leaves both empty.
  void put_all(detail::SlabMagazine& magazine, detail::SlabSpare& spare, unsigned size_class) noexcept;

  void trim() noexcept;

  /// How many words of a free block of the class are for links.
  unsigned words(unsigned size_class) const noexcept;
  std::uint64_t chunk_bytes() const noexcept { return held_.load(std::memory_order_relaxed); }
  void lock() noexcept;
  void unlock() noexcept;

 private:
  struct alignas(64) Depot {
    std::mutex turn;
    void* batches = nullptr;
    // The slab whose blocks are made as they are wanted.
    std::byte* next = nullptr;
    std::byte* end = nullptr;
  };

  Result<void> begin_slab(Depot& depot, unsigned size_class);
  unsigned carve(Depot& depot, unsigned size_class, void** out) noexcept;
  Result<Chunk*> chunk_with_room();
  static std::uint32_t made_blocks(const Depot& depot, unsigned size_class, std::byte* slab) noexcept;
  void count_free(Depot& depot, unsigned size_class) noexcept;
  void drop_free(Depot& depot, unsigned size_class) noexcept;
  void give_back_slabs(Depot& depot, unsigned size_class) noexcept;
  void give_back_chunks() noexcept;

  MemoryAccount* account_;
  bool huge_pages_;
  bool guarded_;
  std::array<Depot, detail::slab_classes> depots_;
  std::mutex chunks_turn_;  // taken under a depot's
  Chunk* chunks_ = nullptr;
  std::size_t free_slabs_ = 0;  // of all chunks
  std::atomic<std::uint64_t> held_{0};
};

}  // namespace libabi::memory::slab
