#pragma once
/// One producer's lane of a LaneQueue. Not for users.

#include <abi/sync/atomics.hpp>
#include <abi/sync/capacity.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace libabi::sync::detail {

template <class T, class Policy, std::size_t block_items>
class Lane {
  struct Block {
    // What was moved out. Bytes, so that those of 64 items share a line that one consumer keeps and the producer sees once.
    alignas(64) std::array<typename Policy::template Atomic<std::uint8_t>, block_items> done{};
    std::array<typename Policy::template Plain<T>, block_items> items{};
  };
  // Block n stands at n & mask. Entries are written before the directory is seen or while its producer alone goes there.
  struct Directory {
    std::size_t mask;
    Directory* outgrown;
    std::unique_ptr<typename Policy::template Atomic<Block*>[]> blocks;
  };

 public:
  explicit Lane(bool unbounded) noexcept : unbounded_(unbounded) {}
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  Lane* next = nullptr;  ///< constant once the lane can be seen

  /// Makes the first directory; a bounded lane gets all of its blocks here. False where the system has no memory.
  bool reserve(std::size_t blocks) noexcept;

  /// Whether the caller is the lane's producer from now on.
  bool enter() noexcept {
    bool entered = false;
    // acquire: the producer before us left behind what it alone used.
    return entered_.compare_exchange_strong(entered, true, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void leave() noexcept { entered_.store(false, std::memory_order_release); }  // release: what enter() acquires
  // acquire: where it is false, the tail of the producer that left is seen.
  bool entered() const noexcept { return entered_.load(std::memory_order_acquire); }

  /// Producer. How many went in.
  template <std::size_t extent>
  std::size_t push(std::span<T, extent> items) noexcept;

  std::size_t size_hint() const noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    return tail > head ? tail - head : 0;
  }

  /// A consumer's memory of the lane that it visits.
  struct Visit {
    Lane* lane = nullptr;
    std::uint64_t tail_seen = 0;
    std::uint64_t block_number = ~std::uint64_t{0};
    Block* block = nullptr;

    /// Takes the first items of the lane, of one block at most. 0 where it is empty, or where another consumer was faster,
    /// which `contended` tells.
    template <std::size_t extent>  // fixed for one item, which leaves of the code what one item needs
    std::size_t pop(std::span<T, extent> items, bool& contended) noexcept;
  };

 private:
  Block* enter_block(std::uint64_t number) noexcept;
  Block* add_block(std::uint64_t number) noexcept;
  Block* take_emptied(std::uint64_t number) noexcept;
  bool grow(std::uint64_t number) noexcept;
  static bool all_done(Block& block) noexcept;
  static std::unique_ptr<Directory> make_directory(std::size_t blocks, Directory* outgrown) noexcept;

  // The producer's line.
  alignas(64) typename Policy::template Atomic<std::uint64_t> tail_{0};
  std::uint64_t entered_until_ = 0;  // the end of the block that is being filled
  Block* filling_ = nullptr;
  std::uint64_t emptied_from_ = 0;  // blocks before this one have another number now, or are not looked for again
  Directory* own_ = nullptr;
  // The consumers' line.
  alignas(64) typename Policy::template Atomic<std::uint64_t> head_{0};
  // What hardly changes.
  alignas(64) typename Policy::template Atomic<Directory*> directory_{nullptr};
  typename Policy::template Atomic<bool> entered_{true};
  bool unbounded_;
};

template <class T, class Policy, std::size_t block_items>
Lane<T, Policy, block_items>::~Lane() {
  for (std::size_t i = 0; own_ && i <= own_->mask; ++i) delete own_->blocks[i].load(std::memory_order_relaxed);
  for (Directory* directory = own_; directory;) delete std::exchange(directory, directory->outgrown);
}

template <class T, class Policy, std::size_t block_items>
auto Lane<T, Policy, block_items>::make_directory(std::size_t blocks, Directory* outgrown) noexcept
    -> std::unique_ptr<Directory> {
  auto entries = make_slots<typename Policy::template Atomic<Block*>>(blocks);
  if (!entries) return nullptr;
  std::unique_ptr<Directory> directory(new (std::nothrow) Directory{blocks - 1, outgrown, std::move(entries)});
  return directory;
}

template <class T, class Policy, std::size_t block_items>
bool Lane<T, Policy, block_items>::reserve(std::size_t blocks) noexcept {
  own_ = make_directory(blocks, nullptr).release();
  if (!own_) return false;
  directory_.store(own_, std::memory_order_relaxed);  // relaxed: the lane is not seen yet
  for (std::size_t number = 0; !unbounded_ && number < blocks; ++number)
    if (!add_block(number)) return false;
  return true;
}

template <class T, class Policy, std::size_t block_items>
auto Lane<T, Policy, block_items>::add_block(std::uint64_t number) noexcept -> Block* {
  Block* const block = make_object<Block>().release();
  if (!block) return nullptr;
  for (auto& done : block->done) done.store(1, std::memory_order_relaxed);
  // relaxed: consumers come here after they acquired a tail that lies behind.
  own_->blocks[number & own_->mask].store(block, std::memory_order_relaxed);
  return block;
}

template <class T, class Policy, std::size_t block_items>
bool Lane<T, Policy, block_items>::all_done(Block& block) noexcept {
  // acquire: the items were moved out of the slots that are written next.
  for (auto& done : block.done)
    if (done.load(std::memory_order_acquire) == 0) return false;
  return true;
}

/// A block that consumers have emptied since the producer was last there becomes this one. So a lane has the blocks that it
/// needed at a time, not one for every place in its directory, and those that are used are warm: new ones are page faults.
template <class T, class Policy, std::size_t block_items>
auto Lane<T, Policy, block_items>::take_emptied(std::uint64_t number) noexcept -> Block* {
  for (emptied_from_ = std::max(emptied_from_, number - std::min(number, std::uint64_t{own_->mask})); emptied_from_ != number;
       ++emptied_from_) {
    auto& place = own_->blocks[emptied_from_ & own_->mask];
    Block* const block = place.load(std::memory_order_relaxed);  // the producer's own
    if (!block) continue;
    if (!all_done(*block)) return nullptr;
    // relaxed: whoever went to the old number has marked its item, and is gone; the new one is as in add_block().
    place.store(nullptr, std::memory_order_relaxed);
    own_->blocks[number & own_->mask].store(block, std::memory_order_relaxed);
    return block;
  }
  return nullptr;
}

/// The block with that number, for the producer to fill; null where the ring is full of blocks that are in use.
template <class T, class Policy, std::size_t block_items>
auto Lane<T, Policy, block_items>::enter_block(std::uint64_t number) noexcept -> Block* {
  Block* block = own_->blocks[number & own_->mask].load(std::memory_order_relaxed);
  if (block && !all_done(*block)) {
    if (!unbounded_ || !grow(number)) return nullptr;
    block = nullptr;
  }
  if (!block) block = take_emptied(number);
  if (!block) block = add_block(number);
  if (!block) return nullptr;
  for (auto& done : block->done) done.store(0, std::memory_order_relaxed);  // relaxed: released with the tail
  return block;
}

/// Doubles the directory, in which the blocks before `number` keep their places by number.
template <class T, class Policy, std::size_t block_items>
bool Lane<T, Policy, block_items>::grow(std::uint64_t number) noexcept {
  const std::size_t blocks = own_->mask + 1;
  auto larger = make_directory(2 * blocks, own_);
  if (!larger) return false;
  for (std::uint64_t i = number - blocks; i != number; ++i)
    larger->blocks[i & larger->mask].store(own_->blocks[i & own_->mask].load(std::memory_order_relaxed),
                                           std::memory_order_relaxed);
  own_ = larger.release();
  directory_.store(own_, std::memory_order_release);  // release: a consumer may get here by an older tail
  return true;
}

template <class T, class Policy, std::size_t block_items>
template <std::size_t extent>
std::size_t Lane<T, Policy, block_items>::push(std::span<T, extent> items) noexcept {
  const std::uint64_t begin = tail_.load(std::memory_order_relaxed);  // the producer's own
  std::uint64_t tail = begin;
  for (T& item : items) {
    if (tail == entered_until_) [[unlikely]] {
      Block* const block = enter_block(tail / block_items);
      if (!block) break;
      filling_ = block;
      entered_until_ = tail + block_items;
    }
    filling_->items[tail % block_items].set(std::move(item));
    ++tail;
  }
  // release: the items, the marks that were taken off, and the place of the block.
  if (tail != begin) tail_.store(tail, std::memory_order_release);
  return tail - begin;
}

template <class T, class Policy, std::size_t block_items>
template <std::size_t extent>
std::size_t Lane<T, Policy, block_items>::Visit::pop(std::span<T, extent> items, bool& contended) noexcept {
  contended = false;
  std::uint64_t head = lane->head_.load(std::memory_order_relaxed);
  if (head >= tail_seen) {
    tail_seen = lane->tail_.load(std::memory_order_acquire);  // acquire: what push() releases
    if (head >= tail_seen) return 0;
  }
  const std::uint64_t first = head;
  const std::size_t in_block = block_items - first % block_items;
  const std::size_t count = std::min({items.size(), static_cast<std::size_t>(tail_seen - first), in_block});
  // relaxed: the claim is a number alone; tail_ brings the items, and the marks give the slots back.
  if (!lane->head_.compare_exchange_strong(head, first + count, std::memory_order_relaxed, std::memory_order_relaxed)) {
    contended = true;
    return 0;
  }
  if (first / block_items != block_number) {
    block_number = first / block_items;
    const Directory& directory = *lane->directory_.load(std::memory_order_acquire);  // acquire: the copies that grow() made
    block = directory.blocks[block_number & directory.mask].load(std::memory_order_relaxed);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t slot = (first + i) % block_items;
    items[i] = block->items[slot].take();
    block->done[slot].store(1, std::memory_order_release);  // release: the slot is free
  }
  return count;
}

}  // namespace libabi::sync::detail
