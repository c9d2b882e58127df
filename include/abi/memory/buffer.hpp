#pragma once

#include <abi/memory/account.hpp>

#include <cstddef>
#include <span>

namespace libabi::memory {

/// Owned bytes, aligned to 64 (a cache line and the widest vector), charged to an account. Not initialised unless
/// asked for. Movable, not thread-safe.
class ABI_API Buffer {
 public:
  static constexpr std::size_t alignment = 64;

  Buffer() = default;
  /// Errors: exhausted (over budget, or the system has no memory). Zero bytes give an empty buffer.
  static Result<Buffer> allocate(std::uint64_t bytes, MemoryAccount& account = default_account());
  static Result<Buffer> allocate_zeroed(std::uint64_t bytes, MemoryAccount& account = default_account());
  /// For what stays long and is visited at random: zeroed whole pages of its own, which take memory as they are first written
  /// to, 2 MiB each where the system has such pages (a row of a large table then costs one miss, not two).
  static Result<Buffer> allocate_pages(std::uint64_t bytes, MemoryAccount& account = default_account());
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  std::uint64_t size() const noexcept { return size_; }
  std::span<std::byte> bytes() noexcept { return {data_, static_cast<std::size_t>(size_)}; }
  std::span<const std::byte> bytes() const noexcept { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  void give_back() noexcept;

  std::byte* data_ = nullptr;
  std::uint64_t size_ = 0;
  bool pages_ = false;  // mapped, not from operator new
  Charge charge_;
};

}  // namespace libabi::memory
