#include "slab/impl.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/slab_pool.hpp>

namespace libabi::memory {

Result<SlabPool> SlabPool::create(SlabAllocator& slabs, std::size_t bytes, std::size_t align) {
  // The allocator itself says what it has no blocks for.
  ABI_TRY(std::byte* const block, slabs.allocate(bytes, align));
  slabs.deallocate(block);
  SlabPool pool;
  pool.guarded_ = slabs.impl_->threads.guarded;
  if (!pool.guarded_) pool.words_ = slabs.impl_->depots.words(detail::slab_class_of(bytes, align));
  pool.slabs_ = &slabs;
  pool.bytes_ = bytes;
  pool.align_ = align;
  return pool;
}

SlabPool::SlabPool(SlabPool&& other) noexcept
    : top_(std::exchange(other.top_, nullptr)),
      begin_(std::exchange(other.begin_, nullptr)),
      end_(std::exchange(other.end_, nullptr)),
      words_(other.words_),
      guarded_(other.guarded_),
      slabs_(other.slabs_),
      bytes_(other.bytes_),
      align_(other.align_) {}

SlabPool& SlabPool::operator=(SlabPool&& other) noexcept {
  if (this == &other) return *this;
  trim();
  top_ = std::exchange(other.top_, nullptr);
  begin_ = std::exchange(other.begin_, nullptr);
  end_ = std::exchange(other.end_, nullptr);
  words_ = other.words_;
  guarded_ = other.guarded_;
  slabs_ = other.slabs_;
  bytes_ = other.bytes_;
  align_ = other.align_;
  return *this;
}

SlabPool::~SlabPool() { trim(); }

void SlabPool::trim() noexcept {
  const unsigned size_class = begin_ ? detail::slab_class_of(bytes_, align_) : 0;
  while (begin_) {
    void* blocks[slab::kBatchMax];
    unsigned count = 0;
    while (begin_ && count < slab::batch_of(size_class)) blocks[count++] = try_allocate();
    slabs_->impl_->depots.put(size_class, blocks, count);
  }
}

void SlabPool::find_top() noexcept { top_ = begin_ + slab::held_by(begin_ - 1, words_); }

std::byte* SlabPool::try_from_depot() noexcept {
  if (guarded_) return slabs_->try_allocate(bytes_, align_);
  void* blocks[slab::kBatchMax];
  const unsigned size_class = detail::slab_class_of(bytes_, align_);
  const auto count = boundary([&] { return slabs_->impl_->depots.take(size_class, blocks); });
  if (!count) return nullptr;
  for (unsigned each = 0; each + 1 < *count; ++each) deallocate(blocks[each]);
  return static_cast<std::byte*>(blocks[*count - 1]);
}

}  // namespace libabi::memory
