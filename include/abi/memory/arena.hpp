#pragma once

#include <abi/memory/buffer.hpp>

#include <type_traits>
#include <vector>

namespace libabi::memory {

/// Memory that is handed out by moving a pointer and given back all at once. Blocks are charged to an account and kept
/// for reuse by reset(). Only for trivially destructible things. Not thread-safe. An allocation is O(1).
class ABI_API Arena {
 public:
  explicit Arena(MemoryAccount& account = default_account(), std::size_t block_bytes = 64 * 1024);
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  /// `align` is a power of two, at most Buffer::alignment. Errors: exhausted, invalid_argument (alignment).
  Result<std::span<std::byte>> allocate(std::size_t bytes, std::size_t align = alignof(std::max_align_t));
  /// `count` uninitialised objects. Errors: exhausted, also where count * sizeof(T) overflows.
  template <class T>
    requires std::is_trivially_destructible_v<T>
  Result<std::span<T>> allocate_array(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T))
      return error(ErrorCode::exhausted, "{} elements of {} bytes overflow", count, sizeof(T));
    ABI_TRY(auto bytes, allocate(count * sizeof(T), alignof(T)));
    return std::span<T>(reinterpret_cast<T*>(bytes.data()), count);
  }
  /// Everything handed out becomes invalid; the blocks stay for reuse.
  void reset() noexcept;
  /// Bytes handed out since the last reset, padding included.
  std::size_t used_bytes() const noexcept { return used_; }

 private:
  MemoryAccount* account_;
  std::size_t block_bytes_;
  std::vector<Buffer> blocks_;
  std::size_t block_ = 0;   // the block that is being filled
  std::size_t offset_ = 0;  // in that block
  std::size_t used_ = 0;
};

}  // namespace libabi::memory
