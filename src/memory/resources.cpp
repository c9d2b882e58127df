#include <abi/memory/fault.hpp>
#include <abi/memory/resources.hpp>

#include <algorithm>

namespace libabi::memory {

namespace {

// Throws bad_alloc, which is what this resource of the standard does.
[[noreturn]] void tell_no_memory() {
  static_cast<void>(std::pmr::null_memory_resource()->allocate(1));
  __builtin_unreachable();
}

void* or_tell(void* block) { return block ? block : (tell_no_memory(), nullptr); }

bool is_block(std::size_t bytes, std::size_t align) noexcept { return bytes <= SlabResource::largest_block && align <= 1024; }

}  // namespace

AccountResource::~AccountResource() = default;

void* AccountResource::do_allocate(std::size_t bytes, std::size_t align) {
  auto charge = Charge::take(*account_, bytes);
  if (!charge || allocation_must_fail()) tell_no_memory();
  void* const block = upstream_->allocate(bytes, align);
  charge->keep();
  return block;
}

void AccountResource::do_deallocate(void* block, std::size_t bytes, std::size_t align) {
  upstream_->deallocate(block, bytes, align);
  account_->release(bytes);
}

bool AccountResource::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  const auto* const same = dynamic_cast<const AccountResource*>(&other);
  return same && same->account_ == account_ && *same->upstream_ == *upstream_;
}

ArenaResource::~ArenaResource() = default;

void* ArenaResource::do_allocate(std::size_t bytes, std::size_t align) {
  return or_tell(arena_->try_allocate(std::max<std::size_t>(bytes, 1), align));
}

bool ArenaResource::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  const auto* const same = dynamic_cast<const ArenaResource*>(&other);
  return same && same->arena_ == arena_;
}

SlabResource::~SlabResource() = default;

void* SlabResource::do_allocate(std::size_t bytes, std::size_t align) {
  return is_block(bytes, align) ? or_tell(slabs_->try_allocate(bytes, align)) : large_.allocate(bytes, align);
}

void SlabResource::do_deallocate(void* block, std::size_t bytes, std::size_t align) {
  if (is_block(bytes, align))
    slabs_->deallocate(block, bytes, align);
  else
    large_.deallocate(block, bytes, align);
}

bool SlabResource::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  const auto* const same = dynamic_cast<const SlabResource*>(&other);
  return same && same->slabs_ == slabs_;
}

}  // namespace libabi::memory
