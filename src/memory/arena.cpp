#include <abi/base/boundary.hpp>
#include <abi/memory/arena.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace libabi::memory {

namespace {

std::size_t round_up(std::size_t offset, std::size_t align) noexcept { return (offset + align - 1) & ~(align - 1); }

}  // namespace

Arena::Arena(MemoryAccount& account, std::size_t block_bytes) : account_(&account), block_bytes_(block_bytes) {}

// What was moved from is an empty arena of the same account.
Arena::Arena(Arena&& other) noexcept
    : account_(other.account_),
      block_bytes_(other.block_bytes_),
      blocks_(std::exchange(other.blocks_, {})),
      block_(std::exchange(other.block_, 0)),
      offset_(std::exchange(other.offset_, 0)),
      used_(std::exchange(other.used_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  if (this == &other) return *this;
  account_ = other.account_;
  block_bytes_ = other.block_bytes_;
  blocks_ = std::exchange(other.blocks_, {});
  block_ = std::exchange(other.block_, 0);
  offset_ = std::exchange(other.offset_, 0);
  used_ = std::exchange(other.used_, 0);
  return *this;
}

Result<std::span<std::byte>> Arena::allocate(std::size_t bytes, std::size_t align) {
  return boundary([&]() -> Result<std::span<std::byte>> {
    if (!std::has_single_bit(align) || align > Buffer::alignment)
      return error(ErrorCode::invalid_argument, "alignment {} is not a power of two up to {}", align, Buffer::alignment);
    if (bytes == 0) return std::span<std::byte>();
    ABI_TRY(const std::size_t begin, place(bytes, align));
    used_ += begin - offset_ + bytes;
    offset_ = begin + bytes;
    return blocks_[block_].bytes().subspan(begin, bytes);
  });
}

Result<std::span<std::byte>> Arena::allocate_elements(std::size_t count, std::size_t element_bytes, std::size_t align) {
  if (count <= std::numeric_limits<std::size_t>::max() / element_bytes) return allocate(count * element_bytes, align);
  return boundary([&]() -> Result<std::span<std::byte>> {
    return error(ErrorCode::exhausted, "{} elements of {} bytes are more than memory can hold", count, element_bytes);
  });
}

// The offset of `bytes` free bytes in block_, which is moved on when the block that is being filled has no room.
Result<std::size_t> Arena::place(std::size_t bytes, std::size_t align) {
  if (block_ < blocks_.size()) {
    const std::size_t begin = round_up(offset_, align);  // cannot overflow: no block ends near the largest number
    const auto size = static_cast<std::size_t>(blocks_[block_].size());
    if (begin <= size && bytes <= size - begin) return begin;
  }
  const std::size_t next = blocks_.empty() ? 0 : block_ + 1;
  auto kept = std::find_if(blocks_.begin() + static_cast<std::ptrdiff_t>(next), blocks_.end(),
                           [bytes](const Buffer& block) { return block.size() >= bytes; });
  if (kept == blocks_.end()) {
    ABI_TRY(add_block(std::max(bytes, block_bytes_)));
    kept = blocks_.end() - 1;
  }
  std::swap(blocks_[next], *kept);
  block_ = next;
  offset_ = 0;
  return std::size_t{0};
}

Result<void> Arena::add_block(std::size_t bytes) {
  ABI_TRY(Buffer block, Buffer::allocate(bytes, *account_));
  blocks_.push_back(std::move(block));
  return {};
}

void Arena::reset() noexcept {
  block_ = 0;
  offset_ = 0;
  used_ = 0;
}

}  // namespace libabi::memory
