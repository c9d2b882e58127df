#pragma once
/// Bytes that are passed on, cut up and put together without being copied.
///
///     ABI_TRY(auto file, MappedFile::open("page.html"));
///     ABI_TRY(auto page, Slice::map(std::move(file)));
///     ABI_TRY(auto head, Slice::copy_of(as_bytes(std::span(header_text))));
///     ZeroCopyBuffer response;
///     ABI_TRY(response.append(head));
///     ABI_TRY(response.append(page));                      // the file's own pages
///     std::array<iovec, 16> parts;
///     const auto sent = ::writev(socket, parts.data(), static_cast<int>(response.gather(parts)));
///     response.drop_front(static_cast<std::size_t>(sent));  // what was sent is let go
///
/// A Slice is a piece of memory that somebody keeps: a Buffer, a mapped file, or a stranger who is told when the last slice of
/// it is gone. A ZeroCopyBuffer is a chain of slices that is read as one. Both are values; a copy of a slice is a count more.
///
/// Guarantees. The bytes of a slice do not change while others can see them: writable() gives bytes to write to in place where
/// the slice is the only one of owned memory, and a copy otherwise. Counts are thread-safe: slices of the same memory may be
/// copied and dropped on any thread, the last one's releases it there. One object is used by one thread at a time. A failed
/// call changes nothing.
///
/// Cost. Copying or dropping a slice is one atomic update; slicing and splitting a chain is linear in its slices, and copies
/// none of their bytes. A slice of new memory takes one small block beside it.

#include <abi/memory/buffer.hpp>
#include <abi/memory/mapped_file.hpp>

#include <cstddef>
#include <span>
#include <vector>

struct iovec;

namespace libabi::memory {

/// A piece of memory that stays as long as a slice of it.
class ABI_API Slice {
 public:
  /// Told once, when the last slice of foreign memory is gone, on the thread that dropped it.
  using Release = void (*)(void* context, std::span<const std::byte> bytes) noexcept;

  /// No bytes, of nobody.
  Slice() = default;
  /// Errors (of all four): exhausted; then the memory is still the caller's, and `release` is not called.
  static Result<Slice> own(Buffer&& buffer);
  static Result<Slice> map(MappedFile&& file);
  static Result<Slice> foreign(std::span<const std::byte> bytes, Release release, void* context);
  static Result<Slice> copy_of(std::span<const std::byte> bytes, MemoryAccount& account = default_account());
  Slice(const Slice& other) noexcept;
  Slice(Slice&& other) noexcept;
  Slice& operator=(Slice other) noexcept;
  ~Slice();

  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::size_t size() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }

  /// `length` bytes from `offset` on, of the same memory. Errors: out_of_range.
  Result<Slice> slice(std::size_t offset, std::size_t length) const;
  /// Cuts off the first `length` bytes, at most all, and returns them.
  Slice split_front(std::size_t length) noexcept;

  /// Whether no other slice is of the same memory.
  bool is_unique() const noexcept;
  /// These bytes, to write to. Where others see them, or they are not owned, the slice becomes one of a copy of them.
  /// Errors: exhausted.
  Result<std::span<std::byte>> writable(MemoryAccount& account = default_account());

 private:
  struct Memory;
  Slice(std::span<const std::byte> bytes, Memory* memory) noexcept : bytes_(bytes), memory_(memory) {}

  std::span<const std::byte> bytes_;
  Memory* memory_ = nullptr;
};

class ABI_API ZeroCopyBuffer {
 public:
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// In their order; none is empty.
  std::span<const Slice> slices() const noexcept { return std::span(slices_).subspan(first_); }

  /// Puts these bytes behind (in front of) the others. An empty slice leaves it as it is. Errors: exhausted.
  Result<void> append(Slice slice);
  Result<void> prepend(Slice slice);
  Result<void> append(const ZeroCopyBuffer& chain);

  /// `length` bytes from `offset` on. Errors: out_of_range, exhausted.
  Result<ZeroCopyBuffer> slice(std::size_t offset, std::size_t length) const;
  /// Cuts off the first `length` bytes and returns them. Errors: out_of_range, exhausted.
  Result<ZeroCopyBuffer> split_front(std::size_t length);
  /// Lets go of the first `length` bytes, at most all.
  void drop_front(std::size_t length) noexcept;
  void clear() noexcept;

  /// Describes the bytes for writev() and its like, as many slices as `parts` has room for. How many.
  std::size_t gather(std::span<iovec> parts) const noexcept;
  /// Copies bytes from `offset` on, as many as there are and `target` holds. How many.
  std::size_t copy_to(std::span<std::byte> target, std::size_t offset = 0) const noexcept;
  /// All bytes in one piece; they are copied into one where they are in several. Errors: exhausted.
  Result<std::span<const std::byte>> contiguous(MemoryAccount& account = default_account());

 private:
  std::vector<Slice> slices_;
  std::size_t first_ = 0;  // of those that are not let go yet
  std::size_t size_ = 0;
};

}  // namespace libabi::memory
