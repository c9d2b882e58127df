#include "guards.hpp"
#include "slab/impl.hpp"

#include <abi/base/boundary.hpp>
#include <abi/base/log.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

namespace libabi::memory {

namespace {

// A guarded block: [links while it is free][...][Guard][bytes][canary up to the block's end]
struct Guard {
  std::uint64_t bytes;
  std::uint64_t state;
};
constexpr std::uint64_t kTaken = 0xcacacacacacacacaULL;
constexpr std::uint64_t kGivenBack = 0xddddddddddddddddULL;  // what kGone fills it with
constexpr std::size_t kLinks = 2 * sizeof(void*);
constexpr std::size_t kBefore = kLinks + sizeof(Guard);

Guard& guard_of(std::byte* payload) noexcept { return *reinterpret_cast<Guard*>(payload - sizeof(Guard)); }

std::byte* block_of(std::byte* payload, std::size_t block_bytes) noexcept {
  std::byte* const slab = payload - reinterpret_cast<std::uintptr_t>(payload) % slab::kSlabBytes;
  return slab + static_cast<std::size_t>(payload - slab) / block_bytes * block_bytes;
}

std::byte* begin_guarding(std::byte* block, std::size_t block_bytes, std::size_t bytes, std::size_t align) noexcept {
  std::byte* const end = block + block_bytes;
  unpoison(block, block_bytes);
  if (!is_filled(block + kLinks, end, kGone))
    log(LogLevel::error, "a slab's block of {} bytes at {:#x} was written to after it was given back", block_bytes,
        reinterpret_cast<std::uintptr_t>(block));
  std::byte* const payload = block + std::max(kBefore, align);
  guard_of(payload) = {bytes, kTaken};
  fill(payload + bytes, end, kCanary);
  poison(block + kLinks, static_cast<std::size_t>(payload - block) - kLinks);
  poison(payload + bytes, static_cast<std::size_t>(end - payload) - bytes);
  return payload;
}

// Null where the block must not be given back.
std::byte* end_guarding(std::byte* payload, std::size_t block_bytes) noexcept {
  std::byte* const block = block_of(payload, block_bytes);
  std::byte* const end = block + block_bytes;
  unpoison(block, block_bytes);
  const Guard guard = guard_of(payload);
  if (guard.state == kGivenBack) {
    log(LogLevel::error, "a slab's block at {:#x} is given back twice", reinterpret_cast<std::uintptr_t>(payload));
    poison(block + kLinks, block_bytes - kLinks);
    return nullptr;
  }
  if (guard.state != kTaken)
    log(LogLevel::error, "the memory before a slab's block at {:#x} was overwritten", reinterpret_cast<std::uintptr_t>(payload));
  else if (!is_filled(payload + guard.bytes, end, kCanary))
    log(LogLevel::error, "a slab's block of {} bytes at {:#x} was overrun", guard.bytes,
        reinterpret_cast<std::uintptr_t>(payload));
  fill(block, end, kGone);
  poison(block + kLinks, block_bytes - kLinks);
  return block;
}

}  // namespace

Result<void*> SlabAllocator::Impl::take(unsigned size_class) {
  if (slab::ThreadCache* const cache = threads.mine()) return cache->take(size_class);
  void* blocks[slab::kBatchMax];
  ABI_TRY(const unsigned count, depots.take(size_class, blocks));
  if (count > 1) depots.put(size_class, blocks, count - 1);
  return blocks[count - 1];
}

void SlabAllocator::Impl::give_back(unsigned size_class, void* block) noexcept {
  if (slab::ThreadCache* const cache = threads.mine())
    cache->give_back(size_class, block);
  else
    depots.put(size_class, &block, 1);
}

SlabAllocator::SlabAllocator(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)), number_(impl_->threads.number) {}

SlabAllocator::~SlabAllocator() = default;

Result<std::unique_ptr<SlabAllocator>> SlabAllocator::create(MemoryAccount& account, const SlabOptions& options) {
  static_assert(kChunkBytes == slab::kChunkBytes && kSlabBytes == slab::kSlabBytes && kSlabs == slab::kSlabs);
  return boundary([&]() -> Result<std::unique_ptr<SlabAllocator>> {
    auto impl = std::make_unique<Impl>(account, options);
    if (!impl->threads.begin())
      return error(ErrorCode::exhausted, "there are {} slab allocators, or no memory for another", slab::kMaxAllocators);
    return std::unique_ptr<SlabAllocator>(new SlabAllocator(std::move(impl)));
  });
}

Result<std::byte*> SlabAllocator::allocate_from_depot(std::size_t bytes, std::size_t align) {
  return boundary([&]() -> Result<std::byte*> {
    if (!std::has_single_bit(align) || align > max_alignment)
      return error(ErrorCode::invalid_argument, "alignment {} is not a power of two up to {}", align, max_alignment);
    const bool guarded = impl_->threads.guarded;
    const std::size_t around = guarded ? std::max(kBefore, align) + kCanaryBytes : 0;
    if (bytes > max_bytes - around)
      return error(ErrorCode::invalid_argument, "{} bytes are asked of a slab, which has blocks of up to {}", bytes,
                   max_bytes - around);
    const unsigned size_class = detail::slab_class_of(bytes + around, align);
    ABI_TRY(void* const block, impl_->take(size_class));
    auto* const taken = static_cast<std::byte*>(block);
    return guarded ? begin_guarding(taken, detail::slab_class_bytes[size_class], bytes, align) : taken;
  });
}

std::byte* SlabAllocator::try_from_depot(std::size_t bytes, std::size_t align) noexcept {
  return allocate_from_depot(bytes, align).value_or(nullptr);
}

void SlabAllocator::push_to_depot(void* block) noexcept {
  const unsigned size_class = class_of_block(block);
  if (impl_->threads.guarded) block = end_guarding(static_cast<std::byte*>(block), detail::slab_class_bytes[size_class]);
  if (block) impl_->give_back(size_class, block);
}

void SlabAllocator::trim() noexcept {
  impl_->threads.trims.fetch_add(1, std::memory_order_relaxed);
  impl_->threads.empty_mine();
  impl_->depots.trim();
}

MemoryAccount& SlabAllocator::account() const noexcept { return *impl_->threads.account; }

std::uint64_t SlabAllocator::held_bytes() const noexcept { return impl_->depots.chunk_bytes() + impl_->threads.cache_bytes(); }

}  // namespace libabi::memory
