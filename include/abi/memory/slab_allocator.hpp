#pragma once
/// Small blocks of any size up to 32 KiB, for many threads, on one account.
///
///     ABI_TRY(auto slabs, SlabAllocator::create(account));
///     ABI_TRY(std::byte* const block, slabs->allocate(sizeof(Node)));
///     auto* const node = new (block) Node{};
///     ...
///     slabs->deallocate(node, sizeof(Node));   // on any thread
///
/// How it works. The system gives chunks of 2 MiB, cut into slabs of 64 KiB of which each holds blocks of one size class, so
/// that a block's class is found from its address. Each thread has a magazine of free blocks for every class (Bonwick and
/// Adams, 2001): an array of pointers, so that neither taking nor giving back a block touches the block. Full magazines go to
/// the class's depot and empty ones are filled from there, under a lock that is taken once for up to 128 blocks. A thread that
/// gives back what another took keeps it for itself or for the depot: there is no owner to send it to. The depot needs no
/// memory of its own: a batch of free blocks is an unrolled list whose nodes are some of the blocks, each filled with pointers
/// to others, so that moving 128 blocks of 64 bytes to another thread costs 17 cache misses instead of 128. (That remote frees
/// are to travel in batches is what mimalloc, Leijen et al. 2019, and snmalloc, Lietar et al. 2019, found.)
///
/// Guarantees. Thread-safe. Giving back never fails. A block is aligned to 16 or as asked for. What a thread keeps is bounded
/// (under 2 MiB in all, where it uses every size) and goes to the depots when the thread ends. The chunks are charged to the
/// account, and so are the threads' caches (28 KiB each); a thread for whose cache there is no memory is served by the depots.
/// trim() gives back the chunks and slabs that are wholly free. The end of the allocator frees every block, given back or not.
/// After a fork() the child goes on with the memory of its thread and of the depots; what other threads had cached is not used
/// again there. At most 256 allocators at once.
///
/// Cost. About 1 ns to take and 1 ns to give back where the thread's magazine serves (bench rows runtime.slab.*).
///
/// Guards. With `guards`, and always in a build of libabi with the address sanitizer, a canary before and behind every block
/// is looked at when it is given back, what is given back is filled with 0xdd, which is looked at when the block is taken again,
/// and is poisoned for the sanitizer. An overrun, an underrun, a write after the end and a second giving back are logged as
/// errors. It is several times slower.

#include <abi/memory/account.hpp>
#include <abi/memory/slab_cache.hpp>

#include <cstddef>
#include <memory>

namespace libabi::memory {

struct SlabOptions {
  bool huge_pages = false;  ///< for the chunks, where the system has them
  bool guards = false;
};

class ABI_API SlabAllocator {
 public:
  static constexpr std::size_t max_bytes = detail::slab_largest;  ///< less 48 with guards
  static constexpr std::size_t max_alignment = 4096;

  /// Errors: exhausted (no memory, or too many allocators).
  static Result<std::unique_ptr<SlabAllocator>> create(MemoryAccount& account = default_account(),
                                                       const SlabOptions& options = {});
  /// No thread may be using it. Every block is gone.
  ~SlabAllocator();
  SlabAllocator(const SlabAllocator&) = delete;
  SlabAllocator& operator=(const SlabAllocator&) = delete;

  /// Uninitialised. Zero bytes give a block too. Errors: exhausted (over budget, or the system has no memory),
  /// invalid_argument (more than max_bytes, an alignment that is no power of two up to max_alignment).
  Result<std::byte*> allocate(std::size_t bytes, std::size_t align = detail::slab_natural) {
    if (detail::SlabMagazine& magazine = magazine_for(bytes, align); magazine.top != magazine.bottom) [[likely]]
      return static_cast<std::byte*>(*--magazine.top);
    return allocate_from_depot(bytes, align);
  }
  /// The same for hot loops; null where allocate() gives an error.
  std::byte* try_allocate(std::size_t bytes, std::size_t align = detail::slab_natural) noexcept {
    if (detail::SlabMagazine& magazine = magazine_for(bytes, align); magazine.top != magazine.bottom) [[likely]]
      return static_cast<std::byte*>(*--magazine.top);
    return try_from_depot(bytes, align);
  }
  /// Gives back a block of this allocator, or null. On any thread.
  void deallocate(void* block) noexcept {
    if (block) push(block, class_of_block(block));
  }
  /// The same a little faster, with what the block was asked for with.
  void deallocate(void* block, std::size_t bytes, std::size_t align = detail::slab_natural) noexcept {
    if (block) push(block, align <= detail::slab_natural ? detail::slab_class_of(bytes) : detail::slab_class_of(bytes, align));
  }

  /// Gives slabs and chunks without a block in use back to the system. This thread's cache is emptied first; other threads
  /// empty theirs when they next go to a depot, so that a second call later finds more. Linear in the free blocks.
  void trim() noexcept;
  /// What is charged to the account: chunks and threads' caches.
  std::uint64_t held_bytes() const noexcept;
  MemoryAccount& account() const noexcept;
  /// The size of the block that serves a request of `bytes` <= max_bytes.
  static constexpr std::size_t block_bytes(std::size_t bytes) noexcept {
    return detail::slab_class_bytes[detail::slab_class_of(bytes)];
  }

 private:
  struct Impl;
  explicit SlabAllocator(std::unique_ptr<Impl> impl) noexcept;

  // A chunk is aligned to its size; its head holds the class of each of its slabs.
  static constexpr std::size_t kChunkBytes = 2 * 1024 * 1024;
  static constexpr std::size_t kSlabBytes = 64 * 1024;
  static constexpr std::size_t kSlabs = kChunkBytes / kSlabBytes;

  static unsigned class_of_block(const void* block) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    const auto* const classes = static_cast<const std::uint8_t*>(block) - address % kChunkBytes;
    return classes[address / kSlabBytes % kSlabs];
  }
  // The one without blocks for what the inline path does not serve.
  [[gnu::always_inline]] detail::SlabMagazine& magazine_for(std::size_t bytes, std::size_t align) noexcept {
    const bool plain = bytes <= max_bytes && align - 1 < detail::slab_natural && (align & (align - 1)) == 0;
    if (!plain) [[unlikely]]
      return detail::slab_no_magazine;
    return detail::slab_caches[number_]->magazines[detail::slab_class_of(bytes)];
  }
  [[gnu::always_inline]] void push(void* block, unsigned size_class) noexcept {
    detail::SlabMagazine& magazine = detail::slab_caches[number_]->magazines[size_class];
    if (magazine.top == magazine.limit) [[unlikely]]
      return push_to_depot(block);
    *magazine.top++ = block;
  }
  Result<std::byte*> allocate_from_depot(std::size_t bytes, std::size_t align);
  std::byte* try_from_depot(std::size_t bytes, std::size_t align) noexcept;
  void push_to_depot(void* block) noexcept;

  std::unique_ptr<Impl> impl_;
  unsigned number_;
  friend struct Impl;
  friend class SlabPool;
};

}  // namespace libabi::memory
