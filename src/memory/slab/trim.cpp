// How a SlabAllocator's memory goes back to the system: the free blocks of each slab are counted, those of slabs that are
// wholly free are left out of the batches, and such slabs and chunks are given back.

#include "guards.hpp"
#include "pages.hpp"
#include "slab/depot.hpp"

namespace libabi::memory::slab {

void Depots::trim() noexcept {
  lock();
  for (unsigned size_class = 0; size_class < depots_.size(); ++size_class) {
    Depot& depot = depots_[size_class];
    if (!depot.batches && depot.next == depot.end) continue;
    count_free(depot, size_class);
    drop_free(depot, size_class);
    give_back_slabs(depot, size_class);
  }
  give_back_chunks();
  unlock();
}

void Depots::count_free(Depot& depot, unsigned size_class) noexcept {
  for (void* batch = depot.batches; batch; batch = next_batch(batch))
    visit_batch(batch, words(size_class), [](void* block) { ++Chunk::of(block)->free_blocks[Chunk::slab_of(block)]; });
}

// How many of a slab's blocks exist: all, but in the slab that is being cut.
std::uint32_t Depots::made_blocks(const Depot& depot, unsigned size_class, std::byte* slab) noexcept {
  const bool is_cut = depot.next > slab && depot.next < depot.end && depot.end <= slab + kSlabBytes;
  const std::size_t bytes = is_cut ? static_cast<std::size_t>(depot.next - slab) : kSlabBytes;
  return static_cast<std::uint32_t>(bytes / detail::slab_class_bytes[size_class]);
}

// Batches are made anew from the blocks that stay.
void Depots::drop_free(Depot& depot, unsigned size_class) noexcept {
  void* batch = std::exchange(depot.batches, nullptr);
  void* kept[kBatchMax];
  unsigned count = 0;
  const unsigned most = batch_of(size_class);
  const auto link = [&] {
    if (count == 0) return;
    void* const made = link_batch(kept, count, words(size_class));
    next_batch(made) = std::exchange(depot.batches, made);
    count = 0;
  };
  while (batch) {
    void* const next = next_batch(batch);
    void* blocks[kBatchMax];
    const unsigned found = unlink_batch(batch, words(size_class), blocks);
    for (unsigned each = 0; each < found; ++each) {
      Chunk* const chunk = Chunk::of(blocks[each]);
      const unsigned index = Chunk::slab_of(blocks[each]);
      if (chunk->free_blocks[index] == made_blocks(depot, size_class, chunk->slab(index))) continue;
      kept[count++] = blocks[each];
      if (count == most) link();
    }
    batch = next;
  }
  link();
}

void Depots::give_back_slabs(Depot& depot, unsigned size_class) noexcept {
  std::byte* is_cut = nullptr;
  for (Chunk* chunk = chunks_; chunk; chunk = chunk->next)
    for (unsigned index = 1; index < kSlabs; ++index) {
      if (chunk->classes[index] != size_class) continue;
      std::byte* const slab = chunk->slab(index);
      const std::uint32_t free = std::exchange(chunk->free_blocks[index], 0);
      if (free != made_blocks(depot, size_class, slab)) continue;
      if (depot.next > slab && depot.next <= slab + kSlabBytes) is_cut = slab;
      chunk->classes[index] = kNoClass;
      chunk->free_slabs |= std::uint32_t{1} << index;
      ++free_slabs_;
      unpoison(slab, kSlabBytes);
      if (chunk->free_slabs != kAllFree) empty_pages(slab, kSlabBytes);  // else the whole chunk goes
    }
  if (is_cut) depot.next = depot.end = nullptr;
}

void Depots::give_back_chunks() noexcept {
  for (Chunk** each = &chunks_; *each;) {
    Chunk* const chunk = *each;
    if (chunk->free_slabs != kAllFree) {
      each = &chunk->next;
      continue;
    }
    *each = chunk->next;
    free_slabs_ -= kSlabs - 1;
    unmap_pages(reinterpret_cast<std::byte*>(chunk), kChunkBytes);
    account_->release(kChunkBytes);
    held_.fetch_sub(kChunkBytes, std::memory_order_relaxed);
  }
}

}  // namespace libabi::memory::slab
