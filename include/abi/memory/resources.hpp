#pragma once
/// The allocators of this layer as std::pmr::memory_resource, so that the standard's containers live on them.
///
///     ScopedArena arena(account);
///     ArenaResource memory(arena);
///     std::pmr::vector<std::pmr::string> words(&memory);
///
/// Where the account or the system has no memory, allocate() of a resource throws std::bad_alloc, as the standard's containers
/// expect; boundary() makes `exhausted` of it. A resource owns nothing and must outlive what is allocated from it, and so must
/// what it is made of. Two resources are equal where they are one, or hand out of the same allocator.

#include <abi/memory/account.hpp>
#include <abi/memory/scoped_arena.hpp>
#include <abi/memory/slab_allocator.hpp>

#include <memory_resource>

namespace libabi::memory {

/// Another resource's memory, charged to an account byte by byte. As thread-safe as that one.
class ABI_API AccountResource final : public std::pmr::memory_resource {
 public:
  explicit AccountResource(MemoryAccount& account, std::pmr::memory_resource* upstream = std::pmr::new_delete_resource()) noexcept
      : account_(&account), upstream_(upstream) {}
  AccountResource(const AccountResource&) = delete;
  AccountResource& operator=(const AccountResource&) = delete;
  ~AccountResource() override;

 private:
  void* do_allocate(std::size_t bytes, std::size_t align) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t align) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  MemoryAccount* account_;
  std::pmr::memory_resource* upstream_;
};

/// An arena's memory. Giving back does nothing; the arena's scopes do. Not thread-safe.
class ABI_API ArenaResource final : public std::pmr::memory_resource {
 public:
  explicit ArenaResource(ScopedArena& arena) noexcept : arena_(&arena) {}
  ArenaResource(const ArenaResource&) = delete;
  ArenaResource& operator=(const ArenaResource&) = delete;
  ~ArenaResource() override;

 private:
  void* do_allocate(std::size_t bytes, std::size_t align) override;
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  ScopedArena* arena_;
};

/// A slab allocator's blocks; what is larger than largest_block, or aligned to more than 1 KiB, is the system's memory,
/// charged to the allocator's account. Thread-safe.
class ABI_API SlabResource final : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t largest_block = 16 * 1024;

  explicit SlabResource(SlabAllocator& slabs) noexcept : slabs_(&slabs), large_(slabs.account()) {}
  SlabResource(const SlabResource&) = delete;
  SlabResource& operator=(const SlabResource&) = delete;
  ~SlabResource() override;

 private:
  void* do_allocate(std::size_t bytes, std::size_t align) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t align) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  SlabAllocator* slabs_;
  AccountResource large_;
};

}  // namespace libabi::memory
