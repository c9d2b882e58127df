#pragma once
/// Blocks of one size for one owner, out of a SlabAllocator.
///
///     ABI_TRY(auto nodes, SlabPool::create(*slabs, sizeof(Node), alignof(Node)));
///     std::byte* const block = nodes.try_allocate();
///     ...
///     nodes.deallocate(block);
///
/// For what makes and drops many things of one size on one thread at a time: nodes, frames, requests. Not thread-safe. A block
/// may come back through another pool of the same allocator, size and alignment, or through the allocator itself on any
/// thread. What is given back stays with the pool until trim() or its end.
///
/// How it works. The free blocks are an unrolled list that lies in some of them: a block in eight (of 64 bytes) is a node and
/// holds pointers to seven others, which are not touched while they are free.
///
/// Cost. A little over half a nanosecond each way (bench row runtime.slab.one_size), and no memory but the blocks. With the
/// allocator's guards every call goes through it.

#include <abi/memory/slab_allocator.hpp>

namespace libabi::memory {

/// Must end before its allocator. What was moved from can only be destroyed or assigned to.
class ABI_API SlabPool {
 public:
  /// Errors: as SlabAllocator::allocate().
  static Result<SlabPool> create(SlabAllocator& slabs, std::size_t bytes, std::size_t align = detail::slab_natural);
  SlabPool(SlabPool&& other) noexcept;
  SlabPool& operator=(SlabPool&& other) noexcept;
  ~SlabPool();

  /// Null where the account or the system has no memory.
  std::byte* try_allocate() noexcept {
    if (top_ != begin_) [[likely]]
      return static_cast<std::byte*>(*--top_);
    if (!begin_) [[unlikely]]
      return try_from_depot();
    void** const node = begin_ - 1;
    enter(static_cast<void**>(*node));
    return reinterpret_cast<std::byte*>(node);
  }
  /// Gives back a block of this size; not null.
  void deallocate(void* block) noexcept {
    if (top_ != end_) [[likely]] {
      *top_++ = block;
      return;
    }
    if (guarded_) [[unlikely]]
      return slabs_->deallocate(block);
    auto** const node = static_cast<void**>(block);
    *node = begin_ ? begin_ - 1 : nullptr;
    begin_ = top_ = node + 1;
    end_ = node + words_;
  }
  /// Gives the pool's free blocks to the allocator, whose trim() can then return them to the system.
  void trim() noexcept;

 private:
  SlabPool() = default;
  // Makes this node the first; only the last one may be partly filled, and ends with a null then.
  void enter(void** node) noexcept {
    begin_ = node ? node + 1 : nullptr;
    end_ = top_ = node ? node + words_ : nullptr;
    if (node && !node[words_ - 1]) [[unlikely]]
      find_top();
  }
  void find_top() noexcept;
  std::byte* try_from_depot() noexcept;

  void** top_ = nullptr;  // the pointers of the first node are at begin_ to top_, and would end at end_
  void** begin_ = nullptr;
  void** end_ = nullptr;
  std::uint32_t words_ = 0;
  bool guarded_ = false;
  SlabAllocator* slabs_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t align_ = 0;
};

}  // namespace libabi::memory
