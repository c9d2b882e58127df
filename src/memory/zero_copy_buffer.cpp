#include <abi/base/boundary.hpp>
#include <abi/memory/zero_copy_buffer.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <memory>
#include <variant>

#include <sys/uio.h>

namespace libabi::memory {

// Whoever keeps the bytes of a slice, and how many slices there are of them.
struct Slice::Memory {
  struct Foreign {
    std::span<const std::byte> bytes;
    Release release;
    void* context;
  };

  std::atomic<std::size_t> count{1};
  std::variant<std::monostate, Buffer, MappedFile, Foreign> keeper;

  ~Memory() {
    if (const auto* stranger = std::get_if<Foreign>(&keeper); stranger && stranger->release)
      stranger->release(stranger->context, stranger->bytes);
  }
  void let_go() noexcept {
    // Whoever drops the last slice must see what was done with the bytes through the others.
    if (count.fetch_sub(1, std::memory_order_acq_rel) == 1) const std::unique_ptr<Memory> gone(this);
  }
};

Result<Slice> Slice::own(Buffer&& buffer) {
  return boundary([&]() -> Result<Slice> {
    auto memory = std::make_unique<Memory>();
    const auto bytes = std::as_const(buffer).bytes();
    memory->keeper = std::move(buffer);
    return Slice(bytes, memory.release());
  });
}

Result<Slice> Slice::map(MappedFile&& file) {
  return boundary([&]() -> Result<Slice> {
    auto memory = std::make_unique<Memory>();
    const auto bytes = file.bytes();
    memory->keeper = std::move(file);
    return Slice(bytes, memory.release());
  });
}

Result<Slice> Slice::foreign(std::span<const std::byte> bytes, Release release, void* context) {
  return boundary([&]() -> Result<Slice> {
    auto memory = std::make_unique<Memory>();
    memory->keeper = Memory::Foreign{bytes, release, context};
    return Slice(bytes, memory.release());
  });
}

Result<Slice> Slice::copy_of(std::span<const std::byte> bytes, MemoryAccount& account) {
  ABI_TRY(Buffer copy, Buffer::allocate(bytes.size(), account));
  std::ranges::copy(bytes, copy.data());
  return own(std::move(copy));
}

Slice::Slice(const Slice& other) noexcept : bytes_(other.bytes_), memory_(other.memory_) {
  if (memory_) memory_->count.fetch_add(1, std::memory_order_relaxed);
}

Slice::Slice(Slice&& other) noexcept : bytes_(std::exchange(other.bytes_, {})), memory_(std::exchange(other.memory_, nullptr)) {}

Slice& Slice::operator=(Slice other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(memory_, other.memory_);
  return *this;
}

Slice::~Slice() {
  if (memory_) memory_->let_go();
}

Result<Slice> Slice::slice(std::size_t offset, std::size_t length) const {
  if (offset > size() || length > size() - offset)
    return boundary([&]() -> Result<Slice> {
      return error(ErrorCode::out_of_range, "{} bytes at {} are asked of a slice of {}", length, offset, size());
    });
  Slice part = *this;
  part.bytes_ = bytes_.subspan(offset, length);
  return part;
}

Slice Slice::split_front(std::size_t length) noexcept {
  length = std::min(length, size());
  Slice front = *this;
  front.bytes_ = bytes_.first(length);
  bytes_ = bytes_.subspan(length);
  return front;
}

bool Slice::is_unique() const noexcept { return !memory_ || memory_->count.load(std::memory_order_acquire) == 1; }

Result<std::span<std::byte>> Slice::writable(MemoryAccount& account) {
  if (empty()) return std::span<std::byte>();
  if (!is_unique() || !std::holds_alternative<Buffer>(memory_->keeper)) {
    ABI_TRY(*this, copy_of(bytes_, account));
  }
  auto& buffer = std::get<Buffer>(memory_->keeper);
  return buffer.bytes().subspan(static_cast<std::size_t>(bytes_.data() - buffer.data()), size());
}

Result<void> ZeroCopyBuffer::append(Slice slice) {
  return boundary([&]() -> Result<void> {
    if (slice.empty()) return {};
    if (slice.size() > std::numeric_limits<std::size_t>::max() - size_)
      return error(ErrorCode::exhausted, "a chain of {} and {} bytes is longer than can be told", size_, slice.size());
    const std::size_t added = slice.size();
    slices_.push_back(std::move(slice));
    size_ += added;
    return {};
  });
}

Result<void> ZeroCopyBuffer::prepend(Slice slice) {
  return boundary([&]() -> Result<void> {
    if (slice.empty()) return {};
    ZeroCopyBuffer whole;
    whole.slices_.reserve(slices().size() + 1);
    ABI_TRY(whole.append(std::move(slice)));
    ABI_TRY(whole.append(*this));
    *this = std::move(whole);
    return {};
  });
}

Result<void> ZeroCopyBuffer::append(const ZeroCopyBuffer& chain) {
  return boundary([&]() -> Result<void> {
    if (chain.size_ > std::numeric_limits<std::size_t>::max() - size_)
      return error(ErrorCode::exhausted, "a chain of {} and {} bytes is longer than can be told", size_, chain.size_);
    const std::size_t added = chain.size_;
    const std::size_t slices_added = chain.slices().size();
    slices_.reserve(slices_.size() + slices_added);  // the chain may be this one
    for (std::size_t each = 0; each < slices_added; ++each) slices_.push_back(chain.slices_[chain.first_ + each]);
    size_ += added;
    return {};
  });
}

Result<ZeroCopyBuffer> ZeroCopyBuffer::slice(std::size_t offset, std::size_t length) const {
  return boundary([&]() -> Result<ZeroCopyBuffer> {
    if (offset > size_ || length > size_ - offset)
      return error(ErrorCode::out_of_range, "{} bytes at {} are asked of a chain of {}", length, offset, size_);
    ZeroCopyBuffer part;
    for (const Slice& each : slices()) {
      const std::size_t skipped = std::min(offset, each.size());
      const std::size_t taken = std::min(length, each.size() - skipped);
      ABI_TRY(auto piece, each.slice(skipped, taken));
      ABI_TRY(part.append(std::move(piece)));
      offset -= skipped;
      length -= taken;
      if (length == 0) break;
    }
    return part;
  });
}

Result<ZeroCopyBuffer> ZeroCopyBuffer::split_front(std::size_t length) {
  ABI_TRY(ZeroCopyBuffer front, slice(0, length));
  drop_front(length);
  return front;
}

void ZeroCopyBuffer::drop_front(std::size_t length) noexcept {
  length = std::min(length, size_);
  size_ -= length;
  while (length != 0) {
    Slice& front = slices_[first_];
    length -= front.split_front(length).size();
    if (!front.empty()) break;
    front = Slice();
    ++first_;
  }
  if (size_ == 0) clear();
}

void ZeroCopyBuffer::clear() noexcept {
  slices_.clear();
  first_ = 0;
  size_ = 0;
}

std::size_t ZeroCopyBuffer::gather(std::span<iovec> parts) const noexcept {
  const std::size_t count = std::min(parts.size(), slices().size());
  for (std::size_t each = 0; each < count; ++each) {
    const auto bytes = slices()[each].bytes();
    parts[each] = {const_cast<std::byte*>(bytes.data()), bytes.size()};  // writev() reads only
  }
  return count;
}

std::size_t ZeroCopyBuffer::copy_to(std::span<std::byte> target, std::size_t offset) const noexcept {
  std::size_t copied = 0;
  for (const Slice& each : slices()) {
    const std::size_t skipped = std::min(offset, each.size());
    offset -= skipped;
    const std::size_t taken = std::min(target.size() - copied, each.size() - skipped);
    if (taken != 0) std::memcpy(target.data() + copied, each.bytes().data() + skipped, taken);
    copied += taken;
  }
  return copied;
}

Result<std::span<const std::byte>> ZeroCopyBuffer::contiguous(MemoryAccount& account) {
  return boundary([&]() -> Result<std::span<const std::byte>> {
    if (empty()) return std::span<const std::byte>();
    if (slices().size() > 1) {
      ABI_TRY(Buffer whole, Buffer::allocate(size_, account));
      copy_to(whole.bytes());
      ABI_TRY(Slice slice, Slice::own(std::move(whole)));
      slices_.front() = std::move(slice);
      slices_.resize(1);
      first_ = 0;
    }
    return slices().front().bytes();
  });
}

}  // namespace libabi::memory
