#pragma once

#include <abi/memory/buffer.hpp>

#include <type_traits>
#include <vector>

namespace libabi::memory {

/// Memory that is handed out by moving a pointer and given back all at once. Blocks are charged to an account and kept
/// for reuse by reset(). Only for trivially destructible things. Not thread-safe. An allocation is O(1) but where a block
/// is full and the next must be found.
class ABI_API Arena {
 public:
  explicit Arena(MemoryAccount& account = default_account(), std::size_t block_bytes = 64 * 1024);
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;

  /// `align` is a power of two, at most Buffer::alignment. Zero bytes give an empty span. A failed allocation changes
  /// nothing. Errors: exhausted, invalid_argument (alignment).
  Result<std::span<std::byte>> allocate(std::size_t bytes, std::size_t align = alignof(std::max_align_t));
  /// `count` uninitialised objects. Errors: exhausted, also where count * sizeof(T) overflows.
  template <class T>
    requires std::is_trivially_destructible_v<T>
  Result<std::span<T>> allocate_array(std::size_t count) {
    static_assert(alignof(T) <= Buffer::alignment);
    ABI_TRY(auto bytes, allocate_elements(count, sizeof(T), alignof(T)));
    return std::span<T>(reinterpret_cast<T*>(bytes.data()), count);
  }
  /// Everything handed out becomes invalid; the blocks stay for reuse.
  void reset() noexcept;
  /// Bytes handed out since the last reset, padding included.
  std::size_t used_bytes() const noexcept { return used_; }

 private:
  Result<std::span<std::byte>> allocate_elements(std::size_t count, std::size_t element_bytes, std::size_t align);
  Result<std::size_t> place(std::size_t bytes, std::size_t align);
  Result<void> add_block(std::size_t bytes);

  MemoryAccount* account_;
  std::size_t block_bytes_;
  std::vector<Buffer> blocks_;
  std::size_t block_ = 0;   // the block that is being filled
  std::size_t offset_ = 0;  // in that block
  std::size_t used_ = 0;
};

}  // namespace libabi::memory
