#pragma once
/// Memory that is handed out by moving a pointer and given back all at once, in nested scopes.
///
///     ScopedArena arena(account);
///     for (const Request& request : requests) {
///       const ScopedArena::Scope scope(arena);                       // what is taken from here on ...
///       ABI_TRY(auto scores, arena.allocate_array<float>(request.rows));
///       answer(request, scores);
///     }                                                              // ... is gone here, and its memory is used again
///
/// Guarantees. What was handed out stays where it is and as it is until its scope, an outer one or the arena ends. A failed
/// allocation changes nothing. Nothing is destroyed: only for trivially destructible things. Blocks come from the system, are
/// charged to the account as a whole, and stay with the arena for reuse until trim() or its end; a request that no kept block
/// can hold gets a block of its own size. Not thread-safe: an arena per thread.
///
/// Cost. An allocation is an addition and a comparison, inline: about 1 ns (bench row runtime.arena.bump). Where a block is
/// full, the first kept block with room is taken, or a new one. Beginning and ending a scope moves four words, whatever
/// happened inside.
///
/// Guards. With `guards`, and always in a build of libabi with the address sanitizer, every allocation is followed by a canary
/// that is looked at when it is given back (an overrun is logged as an error) and by check(), and memory that was given back is
/// filled with 0xdd and poisoned for the sanitizer. Ending a scope is then linear in what was allocated in it.

#include <abi/memory/account.hpp>
#include <abi/memory/numa.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace libabi::memory {

struct ArenaOptions {
  std::size_t block_bytes = 64 * 1024;  ///< of a block; less where it would not pay
  bool huge_pages = false;              ///< blocks are multiples of 2 MiB on huge pages, where the system has them
  bool guards = false;                  ///< canaries and poison, see above
  Placement placement = {};             ///< of the blocks on the machine's memory nodes
};

class ABI_API ScopedArena {
  struct Block;
  struct Guard;
  /// A state of the arena to come back to. While guarded, `end` is `next`, so that the inline path never has room.
  struct Mark {
    std::byte* next = nullptr;
    std::byte* end = nullptr;
    Block* block = nullptr;
    Guard* guard = nullptr;
    std::size_t before = 0;
  };

 public:
  static constexpr std::size_t max_alignment = 2 * 1024 * 1024;

  explicit ScopedArena(MemoryAccount& account = default_account(), const ArenaOptions& options = {}) noexcept;
  /// Not while a scope of either is open. What was moved from is an empty arena of the same account.
  ScopedArena(ScopedArena&& other) noexcept;
  ScopedArena& operator=(ScopedArena&& other) noexcept;
  ~ScopedArena();

  /// Everything that the arena hands out during its life is given back at its end. Scopes end in the reverse order of their
  /// beginning.
  class Scope {
   public:
    explicit Scope(ScopedArena& arena) noexcept : arena_(&arena), mark_(arena.top_) {}
    ~Scope() { arena_->go_back(mark_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    ScopedArena* arena_;
    Mark mark_;
  };

  /// Uninitialised bytes. `align` is a power of two, at most max_alignment. Zero bytes give an empty span.
  /// Errors: exhausted (over budget, or the system has no memory), invalid_argument (alignment).
  Result<std::span<std::byte>> allocate(std::size_t bytes, std::size_t align = alignof(std::max_align_t)) {
    if (std::byte* const taken = bump(bytes, align)) [[likely]]
      return std::span(taken, bytes);
    return allocate_in_next_block(bytes, align);
  }
  /// The same for hot loops; null where allocate() gives an error. Zero bytes may give null too.
  std::byte* try_allocate(std::size_t bytes, std::size_t align = alignof(std::max_align_t)) noexcept {
    if (std::byte* const taken = bump(bytes, align)) [[likely]]
      return taken;
    return try_in_next_block(bytes, align);
  }
  /// `count` uninitialised objects. Errors: exhausted, also where count * sizeof(T) overflows.
  template <class T>
    requires std::is_trivially_destructible_v<T>
  Result<std::span<T>> allocate_array(std::size_t count) {
    if (count > std::size_t(-1) / sizeof(T)) return refuse_elements(count, sizeof(T));
    ABI_TRY(auto bytes, allocate(count * sizeof(T), alignof(T)));
    return std::span<T>(reinterpret_cast<T*>(bytes.data()), count);
  }

  /// Everything handed out becomes invalid; the blocks stay for reuse. Not while a scope is open.
  void reset() noexcept { go_back(start()); }
  /// Gives the blocks that nothing is in back to the system.
  void trim() noexcept;
  /// Whether every canary is as it was written; without guards there are none. Errors: corrupt (how large the allocation is
  /// that was overrun, and where it lies).
  Result<void> check() const;

  /// Bytes handed out and not given back, padding (and guards) included.
  std::size_t used_bytes() const noexcept;
  /// Bytes of all blocks: what is charged to the account.
  std::size_t held_bytes() const noexcept { return held_; }

 private:
  // Blocks begin and end at multiples of it, so that rounding up to a smaller alignment never passes the end of a block.
  static constexpr std::size_t kLine = 64;

  [[gnu::always_inline]] std::byte* bump(std::size_t bytes, std::size_t align) noexcept {
    const auto begin = (reinterpret_cast<std::uintptr_t>(top_.next) + (align - 1)) & ~(align - 1);
    const bool plain = (align & (align - 1)) == 0 && align - 1 < kLine;
    if (!plain || bytes > reinterpret_cast<std::uintptr_t>(top_.end) - begin) [[unlikely]]
      return nullptr;
    auto* const taken = top_.next + (begin - reinterpret_cast<std::uintptr_t>(top_.next));
    top_.next = taken + bytes;
    return taken;
  }
  void go_back(const Mark& mark) noexcept {
    if (guarded_) [[unlikely]]
      return go_back_guarded(mark);
    top_ = mark;
  }

  Mark start() const noexcept { return {}; }
  Result<std::span<std::byte>> allocate_in_next_block(std::size_t bytes, std::size_t align);
  std::byte* try_in_next_block(std::size_t bytes, std::size_t align) noexcept;
  static std::unexpected<Error> refuse_elements(std::size_t count, std::size_t element_bytes);
  Result<std::byte*> place_guarded(std::size_t bytes, std::size_t align);
  Result<void> next_block(std::size_t bytes);
  Result<Block*> new_block(std::size_t bytes);
  void free_from(Block* first) noexcept;
  void go_back_guarded(const Mark& mark) noexcept;

  Mark top_;
  Block* first_ = nullptr;
  MemoryAccount* account_;
  ArenaOptions options_;
  std::size_t held_ = 0;
  bool guarded_;
};

}  // namespace libabi::memory
