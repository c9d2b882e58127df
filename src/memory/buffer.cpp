#include "pages.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/buffer.hpp>
#include <abi/memory/fault.hpp>

#include <cstddef>
#include <cstring>
#include <limits>
#include <new>

namespace libabi::memory {

namespace {

constexpr std::align_val_t kAlignment{Buffer::alignment};

// No object is larger than a pointer difference can tell.
constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max());

// The system's memory, or null.
std::byte* take_from_system(std::uint64_t bytes) noexcept {
  if (allocation_must_fail()) return nullptr;
  return static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), kAlignment, std::nothrow));
}

Result<Buffer> no_memory(std::uint64_t bytes, const MemoryAccount& account) {
  return error(ErrorCode::exhausted, "the system has no {} bytes of memory for '{}'", bytes, account.name());
}

Result<Charge> charge(std::uint64_t bytes, MemoryAccount& account) {
  if (bytes > kLargest) return error(ErrorCode::exhausted, "{} bytes are more than memory can hold", bytes);
  return Charge::take(account, bytes);
}

}  // namespace

Result<Buffer> Buffer::allocate(std::uint64_t bytes, MemoryAccount& account) {
  return boundary([&]() -> Result<Buffer> {
    Buffer buffer;
    if (bytes == 0) return buffer;
    ABI_TRY(buffer.charge_, charge(bytes, account));
    buffer.data_ = take_from_system(bytes);
    if (!buffer.data_) return no_memory(bytes, account);
    buffer.size_ = bytes;
    return buffer;
  });
}

Result<Buffer> Buffer::allocate_zeroed(std::uint64_t bytes, MemoryAccount& account) {
  ABI_TRY(Buffer buffer, allocate(bytes, account));
  if (bytes != 0) std::memset(buffer.data_, 0, static_cast<std::size_t>(bytes));
  return buffer;
}

Result<Buffer> Buffer::allocate_pages(std::uint64_t bytes, MemoryAccount& account) {
  return boundary([&]() -> Result<Buffer> {
    Buffer buffer;
    if (bytes == 0) return buffer;
    ABI_TRY(buffer.charge_, charge(bytes, account));
    const bool huge = bytes >= kHugePageBytes;
    buffer.data_ = map_pages(static_cast<std::size_t>(bytes), huge ? kHugePageBytes : page_bytes(), huge);
    if (!buffer.data_) return no_memory(bytes, account);
    buffer.size_ = bytes;
    buffer.pages_ = true;
    return buffer;
  });
}

void Buffer::give_back() noexcept {
  if (pages_)
    unmap_pages(data_, static_cast<std::size_t>(size_));
  else
    ::operator delete(data_, kAlignment);
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      pages_(std::exchange(other.pages_, false)),
      charge_(std::move(other.charge_)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  pages_ = std::exchange(other.pages_, false);
  charge_ = std::move(other.charge_);
  return *this;
}

Buffer::~Buffer() { give_back(); }

}  // namespace libabi::memory
