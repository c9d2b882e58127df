#include "slab/depot.hpp"

#include "guards.hpp"
#include "pages.hpp"

#include <bit>
#include <new>

namespace libabi::memory::slab {

Depots::Depots(MemoryAccount& account, bool huge_pages, bool guarded) noexcept
    : account_(&account), huge_pages_(huge_pages), guarded_(guarded) {}

Depots::~Depots() {
  while (chunks_) {
    Chunk* const chunk = std::exchange(chunks_, chunks_->next);
    unpoison(chunk, kChunkBytes);
    unmap_pages(reinterpret_cast<std::byte*>(chunk), kChunkBytes);
    account_->release(kChunkBytes);
  }
}

void Depots::lock() noexcept {
  for (Depot& each : depots_) each.turn.lock();
  chunks_turn_.lock();
}

void Depots::unlock() noexcept {
  chunks_turn_.unlock();
  for (Depot& each : depots_) each.turn.unlock();
}

// While guarded, all of a free block but its first words is filled and looked at.
unsigned Depots::words(unsigned size_class) const noexcept {
  if (guarded_) return 2;
  return std::min(detail::slab_class_bytes[size_class] / static_cast<unsigned>(sizeof(void*)), batch_of(size_class));
}

Result<unsigned> Depots::take(unsigned size_class, void** out) {
  Depot& depot = depots_[size_class];
  void* batch = nullptr;
  {
    const std::lock_guard lock(depot.turn);
    batch = depot.batches;
    if (!batch) {
      if (depot.next == depot.end) ABI_TRY(begin_slab(depot, size_class));
      return carve(depot, size_class, out);
    }
    depot.batches = next_batch(batch);
  }
  return unlink_batch(batch, words(size_class), out);
}

void Depots::put(unsigned size_class, void* const* blocks, unsigned count) noexcept {
  void* const batch = link_batch(blocks, count, words(size_class));
  Depot& depot = depots_[size_class];
  const std::lock_guard lock(depot.turn);
  next_batch(batch) = depot.batches;
  depot.batches = batch;
}

namespace {

void change_places(detail::SlabMagazine& magazine, detail::SlabSpare& spare, unsigned room) noexcept {
  std::swap(magazine.bottom, spare.bottom);
  magazine.limit = magazine.bottom + room;
  magazine.top = spare.full ? magazine.limit : magazine.bottom;
  spare.full = !spare.full;
}

}  // namespace

Result<void*> Depots::take_through(detail::SlabMagazine& magazine, detail::SlabSpare& spare, unsigned size_class) {
  if (magazine.top == magazine.bottom) {
    if (spare.full) {
      change_places(magazine, spare, batch_of(size_class));
    } else {
      ABI_TRY(const unsigned count, take(size_class, magazine.bottom));
      magazine.top += count;
    }
  }
  return *--magazine.top;
}

void Depots::put_through(detail::SlabMagazine& magazine, detail::SlabSpare& spare, unsigned size_class, void* block) noexcept {
  if (magazine.top == magazine.limit) {
    const unsigned room = batch_of(size_class);
    if (spare.full) {
      put(size_class, spare.bottom, room);
      spare.full = false;
    }
    change_places(magazine, spare, room);
  }
  *magazine.top++ = block;
}

void Depots::put_all(detail::SlabMagazine& magazine, detail::SlabSpare& spare, unsigned size_class) noexcept {
  if (const auto count = static_cast<unsigned>(magazine.top - magazine.bottom); count != 0)
    put(size_class, magazine.bottom, count);
  magazine.top = magazine.bottom;
  if (std::exchange(spare.full, false)) put(size_class, spare.bottom, batch_of(size_class));
}

unsigned Depots::carve(Depot& depot, unsigned size_class, void** out) noexcept {
  const std::size_t bytes = detail::slab_class_bytes[size_class];
  const auto left = static_cast<unsigned>(static_cast<std::size_t>(depot.end - depot.next) / bytes);
  const unsigned count = std::min(left, batch_of(size_class));
  for (unsigned each = 0; each < count; ++each) {
    std::byte* const block = depot.next + (count - 1 - each) * bytes;
    if (guarded_) fill(block, block + bytes, kGone);
    if (guarded_) poison(block + kCanaryBytes, bytes - kCanaryBytes);
    out[each] = block;
  }
  depot.next += count * bytes;
  return count;
}

Result<void> Depots::begin_slab(Depot& depot, unsigned size_class) {
  const std::lock_guard lock(chunks_turn_);
  ABI_TRY(Chunk* const chunk, chunk_with_room());
  const auto index = static_cast<unsigned>(std::countr_zero(chunk->free_slabs));
  chunk->free_slabs &= ~(std::uint32_t{1} << index);
  --free_slabs_;
  chunk->classes[index] = static_cast<std::uint8_t>(size_class);
  const std::size_t bytes = detail::slab_class_bytes[size_class];
  depot.next = chunk->slab(index);
  depot.end = depot.next + kSlabBytes / bytes * bytes;
  return {};
}

// It becomes the first, which is looked at first.
Result<Chunk*> Depots::chunk_with_room() {
  for (Chunk** each = &chunks_; free_slabs_ != 0; each = &(*each)->next) {
    if ((*each)->free_slabs == 0) continue;
    Chunk* const found = std::exchange(*each, (*each)->next);
    found->next = chunks_;
    return chunks_ = found;
  }
  ABI_TRY(account_->charge(kChunkBytes));
  std::byte* const pages = map_pages(kChunkBytes, kChunkBytes, huge_pages_);
  if (!pages) {
    account_->release(kChunkBytes);
    return error(ErrorCode::exhausted, "the system has no {} bytes of memory for '{}'", kChunkBytes, account_->name());
  }
  auto* const chunk = new (pages) Chunk{{}, chunks_, kAllFree, {}};
  chunk->classes.fill(kNoClass);
  held_.fetch_add(kChunkBytes, std::memory_order_relaxed);
  free_slabs_ += kSlabs - 1;
  return chunks_ = chunk;
}

}  // namespace libabi::memory::slab
