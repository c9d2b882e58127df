#include "guards.hpp"
#include "pages.hpp"

#include <abi/base/boundary.hpp>
#include <abi/base/log.hpp>
#include <abi/memory/fault.hpp>
#include <abi/memory/scoped_arena.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

namespace libabi::memory {

namespace {

constexpr std::size_t round_up(std::size_t number, std::size_t align) noexcept { return (number + align - 1) & ~(align - 1); }

std::byte* round_up(std::byte* at, std::size_t align) noexcept {
  return at + (round_up(reinterpret_cast<std::uintptr_t>(at), align) - reinterpret_cast<std::uintptr_t>(at));
}

// No object is larger than a pointer difference can tell.
constexpr auto kLargest = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

// Pages where it matters where and how large they are; else the system's allocator, which has small blocks at hand.
bool needs_pages(const ArenaOptions& options) noexcept {
  return options.huge_pages || options.placement.policy != NumaPolicy::first_touch;
}

constexpr std::align_val_t kBlockAlignment{64};

std::byte* take_memory(std::size_t bytes, const ArenaOptions& options) noexcept {
  if (needs_pages(options)) return map_pages(bytes, options.huge_pages ? kHugePageBytes : 1, options.huge_pages);
  if (allocation_must_fail()) return nullptr;
  return static_cast<std::byte*>(::operator new(bytes, kBlockAlignment, std::nothrow));
}

void give_back_memory(std::byte* memory, std::size_t bytes, const ArenaOptions& options) noexcept {
  if (needs_pages(options)) return unmap_pages(memory, bytes);
  ::operator delete(memory, kBlockAlignment);
}

}  // namespace

// The head of a block, in its first bytes. Blocks before the one that is being filled are in use, those after it are kept.
struct alignas(64) ScopedArena::Block {
  Block* next;
  std::size_t bytes;  // with this head; a multiple of kLine

  std::byte* begin() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  std::byte* end() noexcept { return reinterpret_cast<std::byte*>(this) + bytes; }
};

// Stands before a guarded allocation; the canary fills what lies between its bytes and its end.
struct ScopedArena::Guard {
  Guard* previous;
  std::size_t bytes;
  std::byte* end;
  std::uint64_t front;

  static constexpr std::uint64_t kFront = 0xcacacacacacacacaULL;
  std::byte* payload() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

ScopedArena::ScopedArena(MemoryAccount& account, const ArenaOptions& options) noexcept
    : account_(&account), options_(options), guarded_(options.guards || kPoisons) {
  static_assert(sizeof(Block) == kLine && sizeof(Guard) % alignof(std::max_align_t) == 0);
}

ScopedArena::ScopedArena(ScopedArena&& other) noexcept
    : top_(std::exchange(other.top_, {})),
      first_(std::exchange(other.first_, nullptr)),
      account_(other.account_),
      options_(other.options_),
      held_(std::exchange(other.held_, 0)),
      guarded_(other.guarded_) {}

ScopedArena& ScopedArena::operator=(ScopedArena&& other) noexcept {
  if (this == &other) return *this;
  reset();
  trim();
  top_ = std::exchange(other.top_, {});
  first_ = std::exchange(other.first_, nullptr);
  account_ = other.account_;
  options_ = other.options_;
  held_ = std::exchange(other.held_, 0);
  guarded_ = other.guarded_;
  return *this;
}

ScopedArena::~ScopedArena() {
  reset();
  trim();
}

std::size_t ScopedArena::used_bytes() const noexcept {
  return top_.block ? top_.before + static_cast<std::size_t>(top_.next - top_.block->begin()) : 0;
}

Result<std::span<std::byte>> ScopedArena::allocate_in_next_block(std::size_t bytes, std::size_t align) {
  return boundary([&]() -> Result<std::span<std::byte>> {
    if (!std::has_single_bit(align) || align > max_alignment)
      return error(ErrorCode::invalid_argument, "alignment {} is not a power of two up to {}", align, max_alignment);
    if (bytes == 0) return std::span<std::byte>();
    if (bytes > kLargest - 2 * max_alignment) return error(ErrorCode::exhausted, "{} bytes are more than memory can hold", bytes);
    if (guarded_) {
      ABI_TRY(std::byte* const taken, place_guarded(bytes, align));
      return std::span(taken, bytes);
    }
    const auto fits = [&] {
      return top_.block && round_up(top_.next, align) <= top_.end &&
             bytes <= static_cast<std::size_t>(top_.end - round_up(top_.next, align));
    };
    if (!fits()) ABI_TRY(next_block(bytes + (align > kLine ? align : 0)));
    std::byte* const taken = round_up(top_.next, align);
    top_.next = taken + bytes;
    return std::span(taken, bytes);
  });
}

std::byte* ScopedArena::try_in_next_block(std::size_t bytes, std::size_t align) noexcept {
  const auto taken = allocate_in_next_block(bytes, align);
  return taken ? taken->data() : nullptr;
}

std::unexpected<Error> ScopedArena::refuse_elements(std::size_t count, std::size_t element_bytes) {
  auto refused = boundary([&]() -> Result<void> {
    return error(ErrorCode::exhausted, "{} elements of {} bytes are more than memory can hold", count, element_bytes);
  });
  return std::unexpected(std::move(refused).error());
}

// Makes the first kept block that holds `bytes` the one that is being filled, or a new one.
Result<void> ScopedArena::next_block(std::size_t bytes) {
  Block** place = top_.block ? &top_.block->next : &first_;
  Block** found = place;
  while (*found && (*found)->bytes - kLine < bytes) found = &(*found)->next;
  if (!*found) {
    ABI_TRY(*found, new_block(bytes));
  }
  Block* const block = std::exchange(*found, (*found)->next);
  block->next = *place;
  *place = block;
  top_.before = used_bytes();
  top_.block = block;
  top_.next = block->begin();
  top_.end = guarded_ ? top_.next : block->end();
  return {};
}

Result<ScopedArena::Block*> ScopedArena::new_block(std::size_t bytes) {
  const std::size_t step = options_.huge_pages ? kHugePageBytes : kLine;
  const std::size_t wanted = std::min(options_.block_bytes, kLargest - max_alignment);
  const std::size_t whole = round_up(std::max(bytes + kLine, wanted), step);
  ABI_TRY(account_->charge(whole));
  std::byte* const memory = take_memory(whole, options_);
  if (!memory) {
    account_->release(whole);
    return error(ErrorCode::exhausted, "the system has no {} bytes of memory for '{}'", whole, account_->name());
  }
  auto* const block = new (memory) Block{nullptr, whole};
  held_ += whole;
  if (options_.placement.policy != NumaPolicy::first_touch)
    if (auto placed = place({memory, whole}, options_.placement); !placed) {
      free_from(block);
      return std::unexpected(std::move(placed).error());
    }
  poison(block->begin(), whole - kLine);
  return block;
}

void ScopedArena::free_from(Block* first) noexcept {
  while (first) {
    Block* const next = first->next;
    const std::size_t bytes = first->bytes;
    unpoison(first, bytes);
    give_back_memory(reinterpret_cast<std::byte*>(first), bytes, options_);
    account_->release(bytes);
    held_ -= bytes;
    first = next;
  }
}

void ScopedArena::trim() noexcept { free_from(std::exchange(top_.block ? top_.block->next : first_, nullptr)); }

// [padding][Guard][bytes][canary up to a line's end]
Result<std::byte*> ScopedArena::place_guarded(std::size_t bytes, std::size_t align) {
  const std::size_t payload_align = std::max(align, alignof(std::max_align_t));
  const auto end_in = [&](std::byte* top) {
    return round_up(round_up(top + sizeof(Guard), payload_align) + bytes + kCanaryBytes, kLine);
  };
  if (!top_.block || end_in(top_.next) > top_.block->end())
    ABI_TRY(next_block(sizeof(Guard) + payload_align + bytes + kCanaryBytes + kLine));
  std::byte* const end = end_in(top_.next);
  std::byte* const payload = round_up(top_.next + sizeof(Guard), payload_align);
  unpoison(top_.next, static_cast<std::size_t>(end - top_.next));
  top_.guard = new (payload - sizeof(Guard)) Guard{top_.guard, bytes, end, Guard::kFront};
  fill(payload + bytes, end, kCanary);
  poison(top_.next, static_cast<std::size_t>(payload - top_.next));
  poison(payload + bytes, static_cast<std::size_t>(end - payload) - bytes);
  top_.next = top_.end = end;
  return payload;
}

void ScopedArena::go_back_guarded(const Mark& mark) noexcept {
  while (top_.guard != mark.guard) {
    Guard* const guard = top_.guard;
    unpoison(guard, sizeof(Guard));
    std::byte* const payload = guard->payload();
    if (guard->front != Guard::kFront) {
      log(LogLevel::error, "the memory before an arena's allocation at {:#x} was overwritten",
          reinterpret_cast<std::uintptr_t>(payload));
      break;  // the rest of the guard cannot be believed either
    }
    std::byte* const end = guard->end;
    unpoison(payload, static_cast<std::size_t>(end - payload));
    if (!is_filled(payload + guard->bytes, end, kCanary))
      log(LogLevel::error, "an arena's allocation of {} bytes at {:#x} was overrun", guard->bytes,
          reinterpret_cast<std::uintptr_t>(payload));
    top_.guard = guard->previous;
    fill(payload, end, kGone);
    poison(guard, static_cast<std::size_t>(end - reinterpret_cast<std::byte*>(guard)));
  }
  top_ = mark;
}

Result<void> ScopedArena::check() const {
  return boundary([&]() -> Result<void> {
    for (Guard* guard = top_.guard; guard;) {
      unpoison(guard, sizeof(Guard));
      std::byte* const payload = guard->payload();
      if (guard->front != Guard::kFront)
        return error(ErrorCode::corrupt, "the memory before an arena's allocation at {:#x} was overwritten",
                     reinterpret_cast<std::uintptr_t>(payload));
      std::byte* const canary = payload + guard->bytes;
      const auto canary_bytes = static_cast<std::size_t>(guard->end - canary);
      unpoison(canary, canary_bytes);
      if (!is_filled(canary, guard->end, kCanary))
        return error(ErrorCode::corrupt, "an arena's allocation of {} bytes at {:#x} was overrun", guard->bytes,
                     reinterpret_cast<std::uintptr_t>(payload));
      Guard* const previous = guard->previous;
      poison(canary, canary_bytes);
      poison(guard, sizeof(Guard));
      guard = previous;
    }
    return {};
  });
}

}  // namespace libabi::memory
